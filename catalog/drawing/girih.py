"""Girih: Islamic star-and-strap patterns, built by polygons in contact.

A plane of polygons is laid edge to edge; from the middle of every edge two rays go inward at the contact
angle, and each stops where it first meets a ray of another edge. The rays are then widened into straps that
weave over and under.
"""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

Point = tuple[float, float]
Polygon = tuple[Point, ...]
Fold = Literal[8, 10]

CONTACT_ANGLES: dict[Fold, float] = {8: math.radians(67.5), 10: math.radians(54)}


@dataclass(frozen=True)
class Strap:
    """One piece of a strap inside one tile: its two edges, from the over end to the under end."""

    near: Polygon
    far: Polygon

    @property
    def outline(self) -> Polygon:
        return self.near + self.far[::-1]


@dataclass(frozen=True)
class Weave:
    straps: tuple[Strap, ...]
    stars: tuple[Polygon, ...]


@dataclass(frozen=True)
class _Ray:
    """`across` is the direction of the other line through the start: on an edge two straps always cross."""

    start: Point
    direction: Point
    across: Point
    edge: int
    is_forward: bool


def number_from(seed: str, purpose: str, below: int) -> int:
    """A number in 0 .. below-1 that depends on the seed and the purpose only: the same on every machine."""
    digest = hashlib.sha256(f"{purpose}\0{seed}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % below


def weave(
    fold: Fold,
    *,
    edge: float,
    strap: float,
    box: tuple[float, float, float, float],
    turn: float = 0.0,
    centre: Point = (0.0, 0.0),
) -> Weave:
    """Straps and stars that cover the box (x0, y0, x1, y1), with a star at the centre.

    `edge` is the length of a tile's edge and `strap` the width of a strap, both in the units of the box;
    `turn` is in degrees.
    """
    unit = _unit(fold, strap / edge)
    straps: list[Strap] = []
    stars: list[Polygon] = []
    for offset in _offsets(fold, edge=edge, box=box, turn=turn, centre=centre):

        def place(points: Polygon, offset: Point = offset) -> Polygon:
            return tuple(
                _turned((x + offset[0]) * edge, (y + offset[1]) * edge, turn, centre) for x, y in points
            )

        straps += [Strap(place(piece.near), place(piece.far)) for piece in unit.straps]
        stars += [place(star) for star in unit.stars]
    return Weave(tuple(straps), tuple(stars))


def girih_svg(
    seed: str, *, width: int = 640, height: int = 320, colour: str = "currentColor", opacity: float = 0.14
) -> str:
    """A picture of straps as SVG text, always the same for the same seed; one repeated cell keeps it small.

    Only presentation attributes are used, so a strict Content-Security-Policy draws it. The picture is
    decoration and is hidden from screen readers.
    """
    fold: Fold = 10 if number_from(seed, "fold", 3) else 8
    edge = 30.0 + number_from(seed, "edge", 16)
    cell_width, cell_height = _cell(fold)
    turn = number_from(seed, "turn", 4) * (22.5 if fold == 8 else 18.0)
    box = (0.0, 0.0, cell_width * edge, cell_height * edge)
    lines = dict.fromkeys(
        _path(side)
        for piece in weave(fold, edge=edge, strap=edge * 0.2, box=box, turn=_upright(fold)).straps
        for side in (piece.near, piece.far)
        if _touches(side, box)
    )
    name = f"girih-{number_from(seed, 'name', 16**8):08x}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" preserveAspectRatio="xMidYMid slice" aria-hidden="true">'
        f'<defs><pattern id="{name}" width="{box[2]:.2f}" height="{box[3]:.2f}" '
        f'patternUnits="userSpaceOnUse" '
        f'patternTransform="translate({width // 2} {height // 2}) rotate({turn:g})">'
        f'<path d="{"".join(lines)}" fill="none" stroke="{colour}" stroke-width="1.1" '
        f'stroke-linejoin="round"/></pattern></defs>'
        f'<rect width="{width}" height="{height}" fill="url(#{name})" opacity="{opacity:g}"/></svg>'
    )


@cache
def _unit(fold: Fold, strap: float) -> Weave:
    """What one lattice point brings: the star tile and the tile in the gap beside it, for edges of 1."""
    star_tile, gap_tile = _tiles(fold)
    straps: list[Strap] = []
    for tile in (star_tile, gap_tile):
        straps += [
            _strap(forward, backward, strap / 2)
            for forward, backward in _met_rays(tile, CONTACT_ANGLES[fold])
        ]
    star: list[Point] = []
    for forward, backward in _met_rays(star_tile, CONTACT_ANGLES[fold]):
        star += [
            forward.start,
            _crossing(forward.start, forward.direction, backward.start, backward.direction),
        ]
    return Weave(tuple(straps), (tuple(star),))


def _lattice(fold: Fold) -> tuple[Point, Point]:
    step = 1 / math.tan(math.pi / fold)
    angle = math.radians(90 if fold == 8 else 72)
    return (step, 0.0), (step * math.cos(angle), step * math.sin(angle))


def _tiles(fold: Fold) -> tuple[Polygon, Polygon]:
    """The star polygon at the origin, and the gap (square or bow tie) between it and its neighbours."""
    radius = 0.5 / math.sin(math.pi / fold)
    (ax, ay), (bx, by) = _lattice(fold)

    def corner(i: int, j: int, degrees: float) -> Point:
        angle = math.radians(degrees)
        return i * ax + j * bx + radius * math.cos(angle), i * ay + j * by + radius * math.sin(angle)

    star = tuple(corner(0, 0, (k + 0.5) * 360 / fold) for k in range(fold))
    if fold == 8:
        return star, (corner(0, 0, 22.5), corner(1, 0, 112.5), corner(1, 1, 202.5), corner(0, 1, 292.5))
    return star, (
        corner(0, 0, 18),
        corner(1, 0, 126),
        corner(1, 0, 90),
        corner(1, 1, 198),
        corner(0, 1, 306),
        corner(0, 0, 54),
    )


def _rays(tile: Polygon, angle: float) -> Iterator[_Ray]:
    for index, (x0, y0) in enumerate(tile):
        x1, y1 = tile[(index + 1) % len(tile)]
        along = (x1 - x0, y1 - y0)
        inward = (-along[1], along[0])
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        forward, backward = (
            (
                sign * math.cos(angle) * along[0] + math.sin(angle) * inward[0],
                sign * math.cos(angle) * along[1] + math.sin(angle) * inward[1],
            )
            for sign in (1, -1)
        )
        yield _Ray(middle, forward, backward, index, is_forward=True)
        yield _Ray(middle, backward, forward, index, is_forward=False)


def _met_rays(tile: Polygon, angle: float) -> list[tuple[_Ray, _Ray]]:
    """Pairs a forward ray of one edge with a backward ray of another, the shortest ways first.

    A line is forward on both sides of an edge: letting forward lines pass over makes every strap alternate.
    """
    rays = list(_rays(tile, angle))
    meetings = []
    for forward in (ray for ray in rays if ray.is_forward):
        for backward in (ray for ray in rays if not ray.is_forward and ray.edge != forward.edge):
            length = _way(forward, backward)
            if length is not None:
                meetings.append((round(length, 9), forward.edge, backward.edge, forward, backward))
    pairs: list[tuple[_Ray, _Ray]] = []
    taken: set[_Ray] = set()
    for _length, _i, _j, forward, backward in sorted(meetings, key=lambda meeting: meeting[:3]):
        if forward not in taken and backward not in taken:
            pairs.append((forward, backward))
            taken |= {forward, backward}
    return sorted(pairs, key=lambda pair: pair[0].edge)


def _way(first: _Ray, second: _Ray) -> float | None:
    """How far both rays travel until they meet, or None when they never do."""
    dx, dy = second.start[0] - first.start[0], second.start[1] - first.start[1]
    turn = _cross(first.direction, second.direction)
    if abs(turn) < 1e-9:
        is_facing = abs(_cross(first.direction, (dx, dy))) < 1e-9
        return math.hypot(dx, dy) if is_facing else None
    one = _cross((dx, dy), second.direction) / turn
    two = _cross((dx, dy), first.direction) / turn
    return one + two if one > 1e-9 and two > 1e-9 else None


def _strap(forward: _Ray, backward: _Ray, half: float) -> Strap:
    """Widens the path of two met rays: from the edge it passes over to the strap it passes under."""
    over = _normal(backward.across)
    stop = _moved(backward.start, over, math.copysign(half, _dot(backward.direction, over)))
    travel = (-backward.direction[0], -backward.direction[1])
    sides = []
    for shift in (half, -half):
        start = _moved(forward.start, _normal(forward.direction), shift)
        last = _moved(backward.start, _normal(travel), shift)
        bend = _crossing(start, forward.direction, last, travel)
        sides.append((start, bend, _crossing(last, travel, stop, backward.across)))
    return Strap(sides[0], sides[1])


def _offsets(
    fold: Fold, *, edge: float, box: tuple[float, float, float, float], turn: float, centre: Point
) -> list[Point]:
    """The lattice points, in edges, whose tiles can reach into the box."""
    (ax, ay), (bx, by) = _lattice(fold)
    reach = max(math.hypot(x - centre[0], y - centre[1]) for x in box[::2] for y in box[1::2]) / edge
    count = math.ceil(reach / by) + 2
    found = []
    for j in range(-count, count + 1):
        for i in range(-2 * count, 2 * count + 1):
            x, y = i * ax + j * bx, i * ay + j * by
            at = _turned(x * edge, y * edge, turn, centre)
            margin = 3.2 * edge
            if box[0] - margin < at[0] < box[2] + margin and box[1] - margin < at[1] < box[3] + margin:
                found.append((x, y))
    return found


def _cell(fold: Fold) -> tuple[float, float]:
    """Width and height, in edges, of the rectangle that repeats once the pattern is turned upright."""
    step = 1 / math.tan(math.pi / fold)
    return (
        (step, step)
        if fold == 8
        else (2 * step * math.cos(math.radians(36)), 2 * step * math.sin(math.radians(36)))
    )


def _upright(fold: Fold) -> float:
    return 0.0 if fold == 8 else -36.0


def _path(points: Polygon) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _touches(points: Polygon, box: tuple[float, float, float, float]) -> bool:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return max(xs) > box[0] - 1 and min(xs) < box[2] + 1 and max(ys) > box[1] - 1 and min(ys) < box[3] + 1


def _turned(x: float, y: float, degrees: float, centre: Point) -> Point:
    angle = math.radians(degrees)
    return (
        centre[0] + x * math.cos(angle) - y * math.sin(angle),
        centre[1] + x * math.sin(angle) + y * math.cos(angle),
    )


def _crossing(start: Point, along: Point, other: Point, across: Point) -> Point:
    """Where two lines cross; between the two points when the lines are one."""
    turn = _cross(along, across)
    if abs(turn) < 1e-9:
        return (start[0] + other[0]) / 2, (start[1] + other[1]) / 2
    return _moved(start, along, _cross((other[0] - start[0], other[1] - start[1]), across) / turn)


def _moved(point: Point, direction: Point, by: float) -> Point:
    return point[0] + direction[0] * by, point[1] + direction[1] * by


def _normal(direction: Point) -> Point:
    return -direction[1], direction[0]


def _cross(one: Point, two: Point) -> float:
    return one[0] * two[1] - one[1] * two[0]


def _dot(one: Point, two: Point) -> float:
    return one[0] * two[0] + one[1] * two[1]

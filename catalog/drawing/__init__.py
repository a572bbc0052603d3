"""Everything the shop draws by itself: girih ornament as SVG, and covers for products without one."""

from catalog.drawing.covers import draw_cover
from catalog.drawing.girih import girih_svg

__all__ = ["draw_cover", "girih_svg"]

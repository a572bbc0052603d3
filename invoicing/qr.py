import segno
from django.utils.safestring import SafeString


def qr_svg(text: str) -> SafeString:
    """A QR code as inline SVG without styles; whoever shows it says how large."""
    code = segno.make(text, error="m", micro=False)
    return SafeString(code.svg_inline(border=2, omitsize=True, svgclass="qr", lineclass=None))

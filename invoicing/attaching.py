"""Attaches the machine-readable copy to the PDF (Factur-X), the same bytes each time."""

import io
import logging
import re
from typing import Any

import pikepdf
from pikepdf import Name

from invoicing.cii import cii

_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


def attach_cii(pdf: bytes, snapshot: dict[str, Any], *, title: str) -> bytes:
    """The PDF (PDF/A-3) with its copy as XML inside. An XML that the schema does not take raises."""
    import facturx  # noqa: PLC0415  it takes half a second, which sellers outside of the EU need not wait

    logging.getLogger("factur-x").setLevel(logging.WARNING)
    about = {"title": title, "author": snapshot["seller"]["name"], "subject": title, "keywords": "Factur-X"}
    made = facturx.generate_from_binary(
        pdf,
        cii(snapshot),
        flavor="factur-x",
        level="en16931",
        lang=snapshot["language"],
        pdf_metadata=about,
    )
    return _dated(made, snapshot["issued_at"])


def _dated(pdf: bytes, time: str) -> bytes:
    """With the document's own date in all places where the package writes the time of now.

    What the PDF says about itself in two places must be the same in both, for archives.
    """
    iso = time.replace("Z", "+00:00")
    digits = "D:" + re.sub(r"\D", "", time.removesuffix("Z")) + "+00'00'"
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.docinfo[Name.CreationDate] = document.docinfo[Name.ModDate] = pikepdf.String(digits)
        document.docinfo[Name.Producer] = pikepdf.String("pypdf")
        metadata = document.Root.Metadata
        metadata.write(_TIME.sub(iso.encode(), metadata.read_bytes()))
        for file in document.Root.AF:
            file.EF.F.Params.ModDate = pikepdf.String(digits)
        out = io.BytesIO()
        document.save(
            out,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            fix_metadata_version=False,
        )
    return out.getvalue()

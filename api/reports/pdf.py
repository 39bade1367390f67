"""The technical opinion as PDF, set by typst on A4, with a check code that the API verifies."""

from __future__ import annotations

import io
import json
import tempfile
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import segno
import typst

from api.fonts import font_folder
from api.reports.page import Page, texts

__all__ = ["Signature", "render_pdf"]


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs, where, and how the letter can be verified.

    `check_code` is printed with a QR code that holds `verify_url` (or the code alone).
    """

    number: str = ""
    place_and_date: str = ""
    signer_title: str = ""
    signer: str = ""
    check_code: str = ""
    verify_url: str = ""


def render_pdf(page: Page, *, map_png: bytes = b"", signature: Signature | None = None) -> bytes:
    """Set the opinion and return the PDF.

    Parameters
    ----------
    page : Page
    map_png : bytes
        The map of the verdict; left out where empty.
    signature : Signature, optional
    """
    signed = signature or Signature()
    with tempfile.TemporaryDirectory(prefix="tataruang-pdf-") as name:
        folder = Path(name)
        _write_parts(folder, page, map_png, signed)
        content = _content(page, signed, with_map=bool(map_png))
        (folder / "page.json").write_text(json.dumps(content), encoding="utf-8")
        template = resources.files("api.reports") / "templates" / "verdict.typ"
        source = folder / "verdict.typ"
        source.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
        pdf: bytes = typst.compile(
            source, root=folder, font_paths=[font_folder()], ignore_system_fonts=True
        )
        return pdf


def _write_parts(folder: Path, page: Page, map_png: bytes, signed: Signature) -> None:
    (folder / "sign.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" '
        'stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round">'
        f'<path d="{page.verdict.path}"/></svg>',
        encoding="utf-8",
    )
    if map_png:
        (folder / "map.png").write_bytes(map_png)
    if signed.check_code:
        buffer = io.BytesIO()
        code = segno.make(signed.verify_url or signed.check_code, error="m", micro=False)
        code.save(buffer, kind="svg", border=0)
        (folder / "qr.svg").write_bytes(buffer.getvalue())


def _content(page: Page, signed: Signature, *, with_map: bool) -> dict[str, Any]:
    """Everything the template reads, as plain JSON."""
    content = asdict(page)
    verdict = content.pop("verdict")
    return (
        content
        | asdict(signed)
        | {
            "t": texts(page.language),
            "colour": verdict["colour"],
            "map": "map.png" if with_map else "",
            "qr": "qr.svg" if signed.check_code else "",
            "number": signed.number or page.permit_id,
            "footer": " · ".join(part for part in (page.permit_id, page.workspace) if part),
        }
    )

"""Letters as PDF, set by typst on A4, with a check code that the API verifies."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

import segno
import typst

from api.fonts import font_folder
from api.letterhead import Letterhead
from api.reports.opinion import Opinion

__all__ = ["qr_svg", "render_opinion", "set_page"]


def render_opinion(opinion: Opinion, *, map_png: bytes = b"") -> bytes:
    """Set an opinion and return the PDF.

    Parameters
    ----------
    opinion : Opinion
    map_png : bytes
        The map of the verdict; left out where empty.
    """
    parts = {
        "sign.svg": _sign(opinion.verdict.path),
        "qr.svg": qr_svg(opinion.verify_url or f"{opinion.number} {opinion.check_code}"),
    }
    if map_png:
        parts["map.png"] = map_png
    content = asdict(opinion) | {
        "t": opinion.t,
        "colour": opinion.verdict.colour,
        "map": "map.png" if map_png else "",
        "qr": "qr.svg",
    }
    return set_page("opinion.typ", content, parts, opinion.letterhead)


def set_page(
    template: str, content: Mapping[str, Any], parts: Mapping[str, bytes], letterhead: Letterhead
) -> bytes:
    """Set a template of this package with its content; it reads nothing outside its folder.

    Parameters
    ----------
    content : mapping
        JSON-ready; the template finds it as `page.json`.
    parts : mapping of file name to bytes
        Pictures beside it.
    """
    with tempfile.TemporaryDirectory(prefix="tataruang-pdf-") as name:
        folder = Path(name)
        for part, body in parts.items():
            (folder / part).write_bytes(body)
        logo = ""
        if letterhead.logo is not None:
            logo = f"logo{letterhead.logo.suffix.lower()}"
            shutil.copyfile(letterhead.logo, folder / logo)
        whole = dict(content) | {"letterhead": asdict(letterhead), "logo": logo}
        (folder / "page.json").write_text(json.dumps(whole, default=str), encoding="utf-8")
        source = folder / template
        text = (resources.files("api.reports") / "templates" / template).read_text(encoding="utf-8")
        source.write_text(text, encoding="utf-8")
        pdf: bytes = typst.compile(
            source, root=folder, font_paths=[font_folder()], ignore_system_fonts=True
        )
        return pdf


def qr_svg(text: str) -> bytes:
    """Return a QR code as SVG, without a border."""
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(buffer, kind="svg", border=0, omitsize=True)
    return buffer.getvalue()


def _sign(path: str) -> bytes:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" '
        'stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round">'
        f'<path d="{path}"/></svg>'
    ).encode()

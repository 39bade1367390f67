"""What tests with real clients share: where the clients are, and pages seen by a browser."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.clients.browser import Browser

CLIENTS = Path(os.environ.get("TATARUANG_CLIENTS", "."))
PICTURES = Path(os.environ.get("TATARUANG_PICTURES", CLIENTS / "pictures"))
CLIENTS_ONLY = [
    pytest.mark.clients,
    pytest.mark.skipif(
        "TATARUANG_CLIENTS" not in os.environ,
        reason="make test-clients installs what it needs",
    ),
]
AXE = """
window.violations = null;
axe.run(document, {resultTypes: ['violations']}).then((found) => {
  window.violations = found.violations.map((one) => `${one.id}: ${one.nodes[0].html}`);
});
"""
DROP = """
const file = new File([JSON.stringify(arguments[0])], 'persil.geojson');
const all = new DataTransfer();
all.items.add(file);
const input = document.getElementById('file');
input.files = all.files;
input.dispatchEvent(new Event('change'));
"""


def needs(program: str) -> str:
    """Return where a program is; skip the test where it is not."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not on this machine")
    return found


def opened(page: Browser, url: str) -> None:
    """Open the map and wait until it is drawn."""
    page.go(url)
    page.wait("window.tataruang?.ready", 120)
    drawn(page)


def drawn(page: Browser) -> None:
    """Wait until every tile of the view is there."""
    page.wait("window.tataruang.map.areTilesLoaded()", 120)


def clean(page: Browser) -> None:
    """Ask axe-core whether the page as it stands can be used by everybody."""
    source = (CLIENTS / "node_modules" / "axe-core" / "axe.min.js").read_text()
    page.run(source + "; return 1")
    page.run(AXE)
    page.wait("window.violations !== null", 60)
    found = page.run("return window.violations")
    assert found == [], found


def seen(page: Browser, name: str) -> None:
    """Check a state with axe-core and take its picture."""
    clean(page)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.picture(PICTURES / f"{name}.png")


def permit(name: str = "PMH-021") -> dict[str, Any]:
    """Return an application of the sample; half of this one lies where it is prohibited."""
    from api.demo import sample_workspace

    raw = json.loads((sample_workspace() / "berkas" / "permohonan.geojson").read_text())
    found = next(one for one in raw["features"] if one["properties"]["permit_id"] == name)
    plain = {
        name: value
        for name, value in found["properties"].items()
        if value not in (None, "", []) and name not in ("REMARK", "footprint")
    }
    return {"type": "Feature", "geometry": found["geometry"], "properties": plain}

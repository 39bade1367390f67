"""The house keeps its measure: rooms one can see across, no promise left open, no stray address."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("spatial", "layers", "zoning", "hazard", "api")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LONGEST_MODULE = 350


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_can_be_seen_across_and_says_its_purpose(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_MODULE, f"{_name(path)}: split it by purpose"
    assert ast.get_docstring(ast.parse(text)), f"{_name(path)}: say its purpose in the first line"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_no_promise_is_left_in_the_code(path: Path) -> None:
    found = re.findall(
        r"\b(TODO|FIXME|XXX|NotImplementedError)\b", path.read_text(encoding="utf-8")
    )
    assert not found, f"{_name(path)}: {found}"


def test_a_silenced_check_says_why() -> None:
    bare = [
        f"{_name(path)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"(noqa(: [A-Z0-9, ]+)?|type: ignore(\[[\w, -]+\])?)\s*$", line)
    ]
    assert not bare, "give the reason after the code: " + ", ".join(bare)


def test_every_address_is_asked_for_layers_that_are_closed() -> None:
    """A new route is told to `tests/api/test_closed_layers.py`, which asks it for each role."""
    from api.app import ROUTERS

    asked = (ROOT / "tests" / "api" / "test_closed_layers.py").read_text(encoding="utf-8")
    addresses = [
        f"{method} {route.path}"  # type: ignore[attr-defined]  # every route of ours has both
        for router in ROUTERS
        for route in router.routes
        for method in sorted(route.methods)  # type: ignore[attr-defined]  # as above
    ]
    missing = [address for address in addresses if f'"{address}": [' not in asked]
    assert not missing, f"add to QUESTIONS in tests/api/test_closed_layers.py: {missing}"


def test_lock_files_carry_hashes_and_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text), name


def test_nothing_tracked_names_a_place_on_a_machine() -> None:
    """Paths of one machine in a repository break on every other."""
    places = r"/(home|root|Users)/[a-z]+/|/tmp/[a-z]+/[a-z]"
    done = subprocess.run(
        ["git", "grep", "-nIE", places, "--", "*.py", "*.md", "*.toml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 128:
        pytest.skip("not a git checkout: nothing is tracked here")
    lines = [line for line in done.stdout.splitlines() if "test_house.py" not in line]
    assert not lines, "\n".join(lines)

"""The command line: exit codes, languages, and a table that keeps what it promises."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from api import cli
from spatial.errors import CrsError


def test_every_listed_command_exists() -> None:
    for name, (module, help_text) in cli.COMMANDS.items():
        found = getattr(importlib.import_module(f"api.commands.{module}"), module)
        assert callable(found) or isinstance(found, typer.Typer), name
        assert " / " in help_text, f"{name}: Indonesian / English"


def test_every_command_module_is_listed() -> None:
    folder = Path(cli.__file__).parent / "commands"
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    modules = ({path.stem for path in folder.glob("*.py")} | packages) - {"__init__"}
    public = {name for name in modules if not name.startswith("_")}
    assert public == {module for module, _ in cli.COMMANDS.values()}


@pytest.mark.parametrize("words", [["nothing-like-this"], ["doctor", "--no-such-option"]])
def test_a_wrong_call_is_bad_input(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == 2
    assert capfd.readouterr().err


def _failing(error: Exception) -> typer.Typer:
    app = typer.Typer()

    @app.command()
    def doctor(as_json: bool = typer.Option(False, "--json")) -> None:
        raise error

    return app


def test_bad_input_speaks_indonesian_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    error = CrsError("{what} states no CRS", code="crs_missing", what="persil.shp")
    monkeypatch.setattr(cli, "_app_for", lambda words: _failing(error))
    assert cli.main([]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "persil.shp tidak menyebutkan sistem referensi koordinat" in err
    assert "--source-crs" in err


def test_bad_input_speaks_json_when_asked(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    error = CrsError("{what} states no CRS", code="crs_missing", what="persil.shp")
    monkeypatch.setattr(cli, "_app_for", lambda words: _failing(error))
    assert cli.main(["--json"]) == 2
    said = json.loads(capfd.readouterr().err)
    assert (said["code"], said["details"]) == ("crs_missing", {"what": "persil.shp"})


def test_a_fault_of_ours_is_one(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "_app_for", lambda words: _failing(KeyError("surprise")))
    assert cli.main([]) == 1
    assert "a fault of ours: KeyError: 'surprise'" in capfd.readouterr().err


def test_help_lists_every_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", "--help"], capture_output=True, text=True, check=True
    )
    assert all(name in done.stdout for name in cli.COMMANDS)


def test_doctor_finds_this_installation_well(capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--json"]) == 0
    found = {item["what"]: item["ok"] for item in json.loads(capfd.readouterr().out)}
    assert found["proj"]
    assert all(found[name] for name in ("spatial", "layers", "zoning", "hazard", "api"))


def test_doctor_tells_of_a_package_that_hides_ours(tmp_path: Path) -> None:
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers" / "__init__.py").write_text("")
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from api.commands.doctor import examine\n"
    )
    script += "print([f.detail for f in examine() if not f.ok])"
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert f"shadowed by {tmp_path}" in done.stdout

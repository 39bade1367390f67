"""Pages written from the code at build: commands, errors, kinds of layers, the public API."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import typer

from api.cli import COMMANDS
from layers.kinds import kinds
from spatial.text import catalogue

PACKAGES = {
    "spatial": ("spatial", "spatial.crs", "spatial.weights", "spatial.hotspots", "spatial.zonal"),
    "layers": ("layers", "layers.ingest"),
    "zoning": ("zoning", "zoning.lattice"),
    "hazard": ("hazard",),
    "api": ("api.engine", "api.notebook"),
}


def setup(app: Any) -> dict[str, Any]:
    """Write the pages before Sphinx looks for them."""
    app.connect("builder-inited", lambda app: write_pages(Path(app.srcdir) / "reference"))
    return {"parallel_read_safe": True}


def write_pages(folder: Path) -> None:
    """Write every generated page; one that did not change keeps its time."""
    pages = {"commands.md": _commands(), "errors.md": _errors(), "kinds.md": _kinds()}
    pages |= {f"{name}.md": _package(name, modules) for name, modules in PACKAGES.items()}
    folder.mkdir(exist_ok=True)
    for name, text in pages.items():
        page = folder / name
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")


def _commands() -> str:
    parts = ["# Commands\n", "Each command tells the same with `--help`.\n"]
    for name, (module, text) in COMMANDS.items():
        function = getattr(importlib.import_module(f"api.commands.{module}"), module)
        app = function
        if not isinstance(function, typer.Typer):
            app = typer.Typer(add_completion=False)
            app.command(name)(function)
        parts.append(_command(typer.main.get_command(app), f"tataruang {name}", text, 2))
    return "\n".join(parts)


def _command(command: Any, path: str, text: str, level: int) -> str:
    lines = [f"{'#' * level} {path}\n", f"{text}\n"]
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            lines.append(
                _command(inner, f"{path} {name}", inner.get_short_help_str(200), level + 1)
            )
        return "\n".join(lines)
    rows = [_option(parameter) for parameter in command.params if parameter.name != "help"]
    lines += ["| | |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _option(parameter: Any) -> str:
    names = ", ".join(f"`{name}`" for name in parameter.opts)
    help_text = str(getattr(parameter, "help", "") or "").replace("|", "\\|")
    needed = " **(wajib / required)**" if parameter.required else ""
    return f"| {names} | {help_text}{needed} |"


def _errors() -> str:
    texts = catalogue("id")
    lines = [
        "# Errors and notes\n",
        "Codes are stable; over HTTP they are the `code` of an RFC 9457 problem. `{...}` are facts "
        "filled in.\n",
        "| code | kalimat | yang menolong |",
        "|---|---|---|",
    ]
    for code in sorted(code for code in texts if not code.endswith("_hint")):
        hint = texts.get(f"{code}_hint", "")
        cells = [_cell(text) for text in (texts[code], hint)]
        lines.append(f"| `{code}` | {cells[0]} | {cells[1]} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    plain = text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;").replace("*", "\\*")
    return plain.replace("_", "\\_").replace("[", "\\[")


def _kinds() -> str:
    lines = ["# Kinds of layers\n", "A kind is one declaration in `layers/kinds.toml`.\n"]
    for kind in sorted(kinds().values(), key=lambda kind: kind.name):
        groups = " or ".join("`" + "`, `".join(group) + "`" for group in kind.needs)
        lines += [f"## {kind.name}\n", f"{kind.title}. Recognised by {groups}.\n"]
        if kind.columns:
            lines += ["| here | official |", "|---|---|"]
            lines += [f"| `{ours}` | {', '.join(names)} |" for ours, names in kind.columns.items()]
            lines.append("")
    return "\n".join(lines)


def _package(name: str, modules: tuple[str, ...]) -> str:
    lines = [f"# {name}\n"]
    for module in modules:
        lines += [
            f"```{{eval-rst}}\n.. automodule:: {module}\n   :members:\n   :imported-members:\n```\n"
        ]
    return "\n".join(lines)


__all__ = ["setup", "write_pages"]

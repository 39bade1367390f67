"""The command `tataruang`: one table of commands, each loaded only when it is called."""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import traceback
from typing import Annotated, Any, Final

import pyarrow as pa
import typer

from spatial.errors import EngineError
from spatial.text import DEFAULT_LANGUAGE, describe

__all__ = ["COMMANDS", "main"]

#: Name -> (module, what it is for). The module holds a function or a
#: typer.Typer of the same name as itself.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "demo": ("demo", "Bangun wilayah contoh dan periksa izinnya / build and check the sample"),
    "init": ("init", "Buat ruang kerja baru / create a workspace"),
    "ingest": ("ingest", "Masukkan layer ke ruang kerja / publish a layer"),
    "inspect": ("inspect", "Periksa mutu layer, dengan peta cacatnya / quality of a layer"),
    "audit-areas": ("audit_areas", "Audit luas dalam peraturan / audit of printed areas"),
    "layers": ("layers", "Daftar layer beserta versinya / list layers and versions"),
    "plan": ("plan", "Periksa, mulai dan ubah folder rencana / lint and edit plan folders"),
    "crosswalk": ("crosswalk", "Padanan kode wilayah dua edisi / codes of areas side by side"),
    "history": ("history", "Riwayat versi sebuah layer / versions of a layer"),
    "diff": ("diff", "Apa yang berubah antara dua versi / what changed between two versions"),
    "rollback": ("rollback", "Kembali ke versi lama / go back to an older version"),
    "export": ("export", "Ekspor layer dan simbologinya / export a layer with its symbols"),
    "verify": ("verify", "Cocokkan setiap byte dan log / check every byte and the log"),
    "check": ("check", "Periksa kesesuaian izin / check permits against the plans"),
    "deadlines": ("deadlines", "Jatuh tempo permohonan KKPR / when applications are due"),
    "advise": ("advise", "Saran: ruang bangun, geser, zona terdekat / what would conform"),
    "where": ("where", "Di mana kegiatan boleh dibangun / where an activity may be built"),
    "compare": ("compare", "Bandingkan dua permohonan / compare two proposals"),
    "conflicts": ("conflicts", "Pertentangan antarrencana / contradictions between plans"),
    "monitor": ("monitor", "Pemantauan: izin, bangunan, RTH, sawah / what has changed since"),
    "opinion": ("opinion", "Pendapat teknis PDF untuk ditandatangani / the letter to sign"),
    "register": ("register", "Keputusan tercatat: list, verify, export-head / decisions on record"),
    "replay": ("replay", "Nilai ulang keputusan tercatat / judge a recorded decision again"),
    "parquet": ("parquet", "Berkas besar menjadi GeoParquet / a large file as GeoParquet"),
    "shares": ("shares", "Luas tiap persil di tiap zona / area of each parcel in each zone"),
    "exposure": ("exposure", "Siapa dan apa yang terpapar bahaya / exposure to hazards"),
    "hazard": (
        "hazard",
        "Banjir, rob, longsor, fungsi hutan; uji peta / make and test hazard maps",
    ),
    "warn": ("warn", "Peringatan dini dari bacaan sensor / early warning from sensors"),
    "terrain": ("terrain", "Lereng, aliran dan HAND dari DEM / slope, flow and HAND"),
    "poverty": ("poverty", "Data kemiskinan: desil, FGT, indeks, kode / poverty data"),
    "study": ("study", "Kajian: lokasi, akses, program, vertikal, rumah / planning studies"),
    "hotspots": ("hotspots", "Cari kantong kemiskinan / find clusters of poverty"),
    "tiles": ("tiles", "Potong layer menjadi ubin vektor / a layer as vector tiles"),
    "keys": ("keys", "Kunci akses layanan / keys of programs that use the service"),
    "webhooks": ("webhooks", "Pesan webhook: menunggu, gagal, ulang / messages to receivers"),
    "serve": ("serve", "Jalankan API dan peta web / start the HTTP API and the web map"),
    "warmup": ("warmup", "Kompilasi di muka / compile ahead of the first answer"),
    "doctor": ("doctor", "Periksa pemasangan / look for what is wrong on this machine"),
}

EXIT_DONE, EXIT_FAULT, EXIT_INPUT, EXIT_STOPPED = 0, 1, 2, 130


def main(args: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 done (whatever the verdicts), 2 bad input (message on stderr, nothing written),
    1 a fault of ours.
    """
    words = sys.argv[1:] if args is None else args
    # Arrow's own pools keep what they once took; a command gives it back to its next step.
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        _app_for(words)(args=words, prog_name="tataruang")
    except SystemExit as leaving:
        # Usage errors leave with 2 and their own message; a finished command with 0.
        return leaving.code if isinstance(leaving.code, int) else EXIT_DONE
    except EngineError as error:
        _report(error, as_json="--json" in words)
        return EXIT_INPUT
    except KeyboardInterrupt:
        print("Dihentikan / stopped", file=sys.stderr)
        return EXIT_STOPPED
    except BrokenPipeError:
        # The reader of our output has seen enough; that is no fault of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DONE
    except Exception as error:  # noqa: BLE001  the one place that answers for our own faults
        _report_fault(error)
        return EXIT_FAULT
    return EXIT_DONE


def _app_for(words: list[str]) -> typer.Typer:
    """Build the application with just the command that is called, or with all for help.

    Importing every command takes over a second; a call needs one of them.
    """
    app = typer.Typer(
        add_completion=True,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        help="Mesin tata ruang / spatial-planning engine.",
    )
    app.callback()(_root)
    called = [words[0]] if words and words[0] in COMMANDS else list(COMMANDS)
    # What is imported stays: the collector would look through all of it again and again.
    gc.disable()
    for name in called:
        module, text = COMMANDS[name]
        function = getattr(importlib.import_module(f"api.commands.{module}"), module)
        if isinstance(function, typer.Typer):
            app.add_typer(function, name=name, help=text)
        else:
            app.command(name, short_help=text)(function)
    gc.freeze()
    gc.enable()
    return app


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=lambda wanted: _version(wanted), is_eager=True)
    ] = False,
) -> None:
    """Mesin tata ruang / spatial-planning engine."""


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("tataruang"))
        raise typer.Exit(EXIT_DONE)


def _report(error: EngineError, *, as_json: bool) -> None:
    """Say on stderr what was refused, in the language of the user."""
    language = os.environ.get("TATARUANG_LANG", DEFAULT_LANGUAGE)
    message, hint = describe(error, language)
    if as_json:
        body: dict[str, Any] = {"code": error.code, "message": message, "hint": hint}
        print(json.dumps(body | {"details": error.details}, default=str), file=sys.stderr)
        return
    label = "Ditolak" if language == "id" else "Refused"
    print(f"{label} [{error.code}]: {message}", file=sys.stderr)
    if hint:
        print(f"  → {hint}", file=sys.stderr)


def _report_fault(error: Exception) -> None:
    print(
        f"Kesalahan program / a fault of ours: {type(error).__name__}: {error}\n"
        "  → TATARUANG_DEBUG=1 menampilkan rinciannya / shows the details",
        file=sys.stderr,
    )
    if os.environ.get("TATARUANG_DEBUG"):
        traceback.print_exception(error)


if __name__ == "__main__":
    sys.exit(main())

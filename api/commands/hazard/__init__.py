"""`tataruang hazard`: make hazard maps, lay factors over each other, hold maps against events."""

from __future__ import annotations

import typer

from api.commands.hazard.compare import compare
from api.commands.hazard.flood import flood
from api.commands.hazard.forest import forest
from api.commands.hazard.overlay import overlay
from api.commands.hazard.report import report
from api.commands.hazard.risk import risk
from api.commands.hazard.rob import rob
from api.commands.hazard.uncertainty import uncertainty
from api.commands.hazard.validate import validate
from api.commands.hazard.water import water
from api.commands.hazard.weights import weights

__all__ = ["hazard"]

hazard = typer.Typer(no_args_is_help=True)
hazard.command("flood", short_help="Banjir dari bentuk lahan (GFI) / flood by shape of the land")(
    flood
)
hazard.command("rob", short_help="Rob dengan penurunan tanah / tidal flood on sinking ground")(rob)
hazard.command("overlay", short_help="Longsor, fungsi hutan, DAS menurut aturan / scores by rule")(
    overlay
)
hazard.command(
    "validate", short_help="Bandingkan peta dengan kejadian / hold a map against events"
)(validate)
hazard.command("risk", short_help="Bahaya, kerentanan, kapasitas, risiko per unit / risk per unit")(
    risk
)
hazard.command("compare", short_help="Dua skenario: tabel dan peta / two scenarios side by side")(
    compare
)
hazard.command("report", short_help="Laporan BPBD: HTML, PDF, XLSX, peta A3 / the whole report")(
    report
)
hazard.command("uncertainty", short_help="Galat DEM sampai ke jiwa / errors of heights to people")(
    uncertainty
)
hazard.command("weights", short_help="Rentang bobot sampai ke jiwa / ranges of weights to people")(
    weights
)
hazard.command("water", short_help="DAS lintas kabupaten: pasokan, kebutuhan / water by DAS")(water)
hazard.command("forest", short_help="Hutan yang hilang antara dua tanggal / forest loss by unit")(
    forest
)

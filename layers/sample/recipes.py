"""What each of the sixty permits is meant to show, and the site that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from layers.sample.landuse import COMPOUND
from layers.sample.sites import Facts

__all__ = ["RECIPES", "Recipe", "Site"]

Where: TypeAlias = Callable[[Facts], bool]


@dataclass(frozen=True)
class Site:
    """Which plot a permit stands on.

    `zone` alone: wholly inside it. With `other`: across their border, `share` of the depth
    in the other. `plan` names the map the zones are of; `size` is front and depth, m.
    """

    zone: str
    size: tuple[float, float]
    where: Where
    other: str = ""
    share: float = 0.0
    plan: str = "rdtr"


@dataclass(frozen=True)
class Recipe:
    """One permit: what is applied for, where, how large, and the verdict it is made for.

    `kdb`, `kdh` are shares of the plot, `floors` is a count; `change` overrides columns
    (None leaves one out); `indoors` keeps the footprint in the first zone.
    """

    kegiatan: str
    site: Site
    verdict: str
    why: str
    reasons: tuple[str, ...] = ()
    kbli: str = ""
    kdb: float = 0.42
    floors: int = 1
    kdh: float = 0.32
    indoors: bool = False
    change: dict[str, object] = field(default_factory=dict)


def _town(f: Facts) -> bool:
    """A calm place that all three plans call a town."""
    return f.calm and f.kab == {"PK"} and f.prov == {"PK"}


def _calm(f: Facts) -> bool:
    return f.calm


def _away(f: Facts) -> bool:
    return f.away and not f.heritage


def _only_paddy(f: Facts) -> bool:
    return f.lp2b and f.away and not (f.lsd or f.krb or f.heritage)


def _hillside(f: Facts) -> bool:
    return "Longsor Tinggi" in f.krb and not (f.lp2b or f.lsd or f.heritage)


def _flooded(f: Facts) -> bool:
    dry = not (f.lp2b or f.lsd or f.heritage) and f.forest <= {1007}
    return (
        dry and f.krb <= {"Banjir Tinggi"} and bool(f.krb) and f.river_m > 32.0 and f.sea_m > 250.0
    )


def _old_town(f: Facts) -> bool:
    return f.heritage and f.away and not (f.lp2b or f.lsd or f.krb)


def _sawah_map(f: Facts) -> bool:
    return f.lsd and f.away and not (f.lp2b or f.krb or f.heritage)


def _state_forest(f: Facts) -> bool:
    quiet = not (f.lp2b or f.lsd or f.heritage) and f.river_m > 60.0
    return quiet and f.forest == {1003} and f.krb <= {"Longsor Rendah", "Longsor Sedang"}


def _unlike_kab(f: Facts) -> bool:
    return f.calm and f.kab == {"P-1"}


def _sea_side(f: Facts) -> bool:
    return 130.0 < f.sea_m < 800.0 and f.river_m > 110.0 and not (f.lp2b or f.lsd or f.heritage)


def _rural(f: Facts) -> bool:
    return f.calm and len(f.kab) == 1


def _near_spring(f: Facts) -> bool:
    quiet = not (f.lp2b or f.lsd or f.heritage or f.krb)
    return quiet and f.spring_m < 140.0 and f.forest <= {1007} and f.river_m > 60.0


def _riverside(f: Facts) -> bool:
    return not (f.lp2b or f.lsd or f.heritage) and f.forest <= {1007} and f.sea_m > 250.0


def _any(_: Facts) -> bool:
    return True


HOUSE: Final = "rumah tunggal"
SMALL: Final = (9.5, 15.0)
MIDDLE: Final = (13.0, 18.0)
LARGE: Final = (18.0, 22.0)
WIDE: Final = (30.0, 36.0)
ESTATE: Final = (70.0, 90.0)

RECIPES: Final = (
    Recipe(HOUSE, Site("R-2", SMALL, _town), "SESUAI", "house in dense housing"),
    Recipe(HOUSE, Site("R-2", (10.0, 15.5), _town), "SESUAI", "house of two floors", floors=2),
    Recipe(HOUSE, Site("R-3", MIDDLE, _town), "SESUAI", "house in medium housing"),
    Recipe(HOUSE, Site("R-3", (14.0, 18.0), _town), "SESUAI", "house of two floors", floors=2, kdb=0.38),
    Recipe(HOUSE, Site("R-4", LARGE, _calm), "SESUAI", "house in thin housing", kdb=0.33, kdh=0.42),
    Recipe(
        HOUSE, Site("R-2", (9.0, 14.0), _town), "SESUAI", "KDB exactly at its limit of 60 %", kdb=0.6,
        kdh=0.25, change={"footprint": None},
    ),
    Recipe(HOUSE, Site("R-2", (9.2, 14.5), _town), "TIDAK_SESUAI", "KDB 78 % over its limit", kdb=0.78, kdh=0.12),
    Recipe(HOUSE, Site("R-2", (6.0, 8.2), _town), "TIDAK_SESUAI", "plot under 60 m2 (R-2)"),
    Recipe(HOUSE, Site("R-3", (7.0, 10.5), _town), "TIDAK_SESUAI", "plot under 90 m2 (R-3)"),
    Recipe(HOUSE, Site("R-4", (8.5, 12.0), _calm), "TIDAK_SESUAI", "plot under 120 m2 (R-4)", kdb=0.3, kdh=0.45),
    Recipe(HOUSE, Site("R-2", (10.5, 16.0), _town), "TIDAK_SESUAI", "six floors: KLB over its limit", kdb=0.5, floors=6, kdh=0.3),
    Recipe(HOUSE, Site("R-2", (9.8, 15.2), _town), "TIDAK_SESUAI", "green area of 5 % under its limit", kdb=0.5, kdh=0.05),
    Recipe("toko", Site("R-2", (10.2, 16.0), _town), "SESUAI_BERSYARAT", "shop in housing: limited and with conditions", kbli="47112"),
    Recipe("toko", Site("K-2", MIDDLE, _town), "SESUAI", "shop in the trade zone", kbli="47112"),
    Recipe("ruko", Site("K-2", (12.0, 20.0), _town), "SESUAI", "shop-house of two floors", kbli="47112", floors=2),
    Recipe("toko", Site("K-3", (12.0, 18.0), _town), "SESUAI", "shop on a main road", kbli="47112"),
    Recipe(HOUSE, Site("K-3", (11.0, 17.0), _town), "SESUAI_TERBATAS", "house in the trade zone: limited"),
    Recipe(HOUSE, Site("R-3", (14.0, 24.0), _town, "K-3", 0.45), "SESUAI_TERBATAS", "two zones, join of I and T"),
    Recipe("toko", Site("R-2", (14.0, 24.0), _town, "K-3", 0.5), "SESUAI_BERSYARAT", "two zones, join of TB and I", kbli="47112"),
    Recipe(
        "kandang ternak", Site("R-3", (15.0, 19.0), _calm, "K-3", 0.022), "PERLU_KAJIAN",
        "a strip of 0.4 m in K-3 that the map cannot prove", ("BATAS_TIDAK_PASTI",), "01412", indoors=True,
    ),
    Recipe(
        "kandang ternak", Site("R-3", (16.0, 26.0), _calm, "K-3", 0.3), "DISETUJUI_SEBAGIAN",
        "forbidden in the part that lies in K-3", (), "01412", kdb=0.2, indoors=True,
    ),
    Recipe(
        HOUSE, Site("R-4", (16.0, 30.0), _away, "P-1", 0.4), "DISETUJUI_SEBAGIAN",
        "rear part is paddy zone, house stands in front", kdb=0.16, kdh=0.5, indoors=True,
    ),
    Recipe(HOUSE, Site("R-4", (16.0, 28.0), _away, "P-1", 0.55), "TIDAK_SESUAI", "footprint reaches into the paddy zone", kdb=0.3, kdh=0.5),
    Recipe(
        HOUSE, Site("R-4", (16.0, 30.0), _riverside, "PS", 0.25), "DISETUJUI_SEBAGIAN",
        "rear part is the protected strip of a river of known depth", kdb=0.14, kdh=0.5, indoors=True,
    ),
    Recipe(HOUSE, Site("PS", (9.0, 9.5), _riverside), "TIDAK_SESUAI", "house in the protected strip"),
    Recipe(HOUSE, Site("P-1", MIDDLE, _rural), "TIDAK_SESUAI", "house in the paddy zone"),
    Recipe("sawah", Site("P-1", (60.0, 95.0), _rural), "SESUAI", "paddy in the paddy zone", kbli="01121", kdb=0.0, floors=0, kdh=0.95),
    Recipe(HOUSE, Site("R-4", (15.0, 20.0), _only_paddy), "TIDAK_SESUAI", "LP2B beats the housing zone", kdb=0.3, kdh=0.45),
    Recipe(
        HOUSE, Site("R-4", (16.0, 20.0), _only_paddy), "SESUAI_BERSYARAT", "LP2B with a document of national interest",
        kdb=0.3, kdh=0.45, change={"dokumen": ["PSN:001/CONTOH/2024"]},
    ),
    Recipe(HOUSE, Site("R-4", (15.0, 19.0), _hillside), "TIDAK_SESUAI", "steep slope: high landslide hazard", kdb=0.3, kdh=0.45),
    Recipe(HOUSE, Site("R-4", (15.0, 21.0), _flooded), "SESUAI_BERSYARAT", "high flood hazard: conditions", kdb=0.3, kdh=0.45),
    Recipe("toko", Site("K-2", (13.0, 19.0), _old_town), "TIDAK_SESUAI", "three floors in the old town, two allowed", kbli="47112", floors=3),
    Recipe("toko", Site("K-2", (12.0, 19.0), _old_town), "SESUAI_BERSYARAT", "two floors in the old town", kbli="47112", floors=2),
    Recipe("toko", Site("K-3", (12.5, 18.5), _sawah_map), "SESUAI_BERSYARAT", "national paddy map over the trade zone", kbli="47112"),
    Recipe(
        HOUSE, Site("R-4", (16.0, 21.0), _state_forest), "PERLU_KAJIAN", "housing zone over state forest (HP)",
        ("KONFLIK_RENCANA",), kdb=0.3, kdh=0.45,
    ),
    Recipe("SPBU", Site("SPU-3", (24.0, 28.0), _calm), "PERLU_KAJIAN", "the cell of the matrix is blank", ("SEL_KOSONG",), "47300"),
    Recipe("sekolah", Site("SPU-3", WIDE, _calm), "SESUAI", "school in the service zone", kbli="85112"),
    Recipe("klinik", Site("SPU-2", (22.0, 26.0), _calm), "SESUAI", "clinic in the service zone", kbli="86105"),
    Recipe("galangan kapal", Site("K-2", (16.0, 22.0), _town), "PERLU_KAJIAN", "the matrix does not know the activity", ("KEGIATAN_TIDAK_TERCANTUM",), "30111"),
    Recipe("pabrik", Site("KPI", ESTATE, _away), "SESUAI", "factory on the estate", kbli="10433", kdb=0.4),
    Recipe("pabrik", Site("R-2", (16.0, 18.0), _town), "TIDAK_SESUAI", "factory in housing", kbli="10433"),
    Recipe("gudang", Site("PL-6", (44.0, 60.0), _away), "SESUAI", "store in the storage zone", kbli="52101", kdb=0.4),
    Recipe("pabrik", Site("KPI", (36.0, 48.0), _near_spring), "TIDAK_SESUAI", "factory within 200 m of a spring", kbli="10433"),
    Recipe("hotel", Site("W", (40.0, 50.0), _sea_side), "SESUAI_BERSYARAT", "hotel at the beach", kbli="55110", kdb=0.3, floors=2, kdh=0.45),
    Recipe("tambak", Site("IK-2", (60.0, 110.0), _sea_side), "SESUAI", "fish pond among fish ponds", kbli="03254", kdb=0.0, floors=0, kdh=0.0),
    Recipe("kantor", Site("RTH-2", (18.0, 20.0), _calm), "TIDAK_SESUAI", "office in the park", kbli="84111"),
    Recipe("taman", Site("RTH-2", (20.0, 20.0), _calm), "SESUAI", "park in the park", kdb=0.02, kdh=0.9),
    Recipe("kantor", Site("KT", (20.0, 26.0), _calm), "SESUAI", "office among offices", kbli="84111"),
    Recipe("menara telekomunikasi", Site("P-1", (14.0, 15.0), _rural), "SESUAI_BERSYARAT", "mast in the fields: with conditions", kbli="61200", kdb=0.2, kdh=0.5, change={"tinggi_m": 42.0}),
    Recipe("rumah susun", Site("R-2", (34.0, 40.0), _town), "SESUAI_BERSYARAT", "flats in dense housing", kdb=0.35, floors=4, kdh=0.35),
    Recipe(HOUSE, Site("R-2", (10.0, 14.0), _town), "PERLU_KAJIAN", "nobody said how large the house is", ("INPUT_KURANG",), change={"luas_tapak_m2": None, "luas_lantai_m2": None, "footprint": None, "luas_hijau_m2": None}),
    Recipe(HOUSE, Site("R-4", (17.0, 21.0), _unlike_kab), "PERLU_KAJIAN", "the kabupaten calls it paddy", ("KONFLIK_RENCANA",), kdb=0.3, kdh=0.45),
    Recipe(
        HOUSE, Site("R-4", (16.5, 21.5), _unlike_kab), "TIDAK_SESUAI", "applied the day before the detailed plan: paddy of the RTRW",
        kdb=0.3, kdh=0.45, change={"tanggal": "2024-06-12"},
    ),
    Recipe(HOUSE, Site("PD", LARGE, _rural, plan="rtrw_kab"), "SESUAI", "village, outside the detailed plan", kdb=0.3, kdh=0.45),
    Recipe(HOUSE, Site("P-1", LARGE, _rural, plan="rtrw_kab"), "TIDAK_SESUAI", "paddy, outside the detailed plan", kdb=0.3, kdh=0.45),
    Recipe(
        HOUSE, Site("PD", (12.0, 7.0), _any, "P-1", 0.3, plan="rtrw_kab"), "PERLU_KAJIAN",
        "a border of the 1:50.000 plan runs through the plot", ("BATAS_TIDAK_PASTI",), kdb=0.3, kdh=0.45,
    ),
    Recipe(HOUSE, Site(COMPOUND, LARGE, _any, plan="rtrw_kab"), "PERLU_KAJIAN", "forest or village: undecided", ("STATUS_HUTAN_BELUM_SELESAI",), kdb=0.3, kdh=0.45),
    Recipe(
        HOUSE, Site("P-3", (20.0, 30.0), _any, "HP", 0.5, plan="rtrw_prov"), "PERLU_KAJIAN",
        "only the 1:250.000 plan covers it, on a border", ("BATAS_TIDAK_PASTI",), kdb=0.3, kdh=0.45,
    ),
    Recipe("tambak", Site("laut", (60.0, 80.0), _any, plan="laut"), "PERLU_KAJIAN", "no plan covers the sea", ("TANPA_CAKUPAN",), "03254", kdb=0.0, floors=0, kdh=0.0),
    Recipe("pertambangan batuan", Site("HL", (60.0, 80.0), _any, plan="rtrw_kab"), "TIDAK_SESUAI", "quarry in protection forest", kbli="08104", kdb=0.0, floors=0, kdh=0.4),
)  # fmt: skip

"""Names and families of the zone and class codes the sample uses."""

from __future__ import annotations

from typing import Final

from layers.sample.landuse import COMPOUND

__all__ = ["CLASS_NAMES", "LINDUNG", "ZONE_NAMES", "zone_columns"]

#: Zones of the detailed plan: name of the zone and, where there is one, of the sub-zone.
ZONE_NAMES: Final = {
    "BA": ("Badan Air", None),
    "PS": ("Perlindungan Setempat", None),
    "RTH-2": ("Ruang Terbuka Hijau", "Taman Kota"),
    "RTH-7": ("Ruang Terbuka Hijau", "Pemakaman"),
    "CB": ("Cagar Budaya", None),
    "EM": ("Ekosistem Mangrove", None),
    "BJ": ("Badan Jalan", None),
    "HP": ("Hutan Produksi", None),
    "P-1": ("Pertanian", "Tanaman Pangan"),
    "P-3": ("Pertanian", "Perkebunan"),
    "IK-2": ("Perikanan", "Perikanan Budi Daya"),
    "KEG": ("Pergaraman", None),
    "KPI": ("Peruntukan Industri", None),
    "W": ("Pariwisata", None),
    "R-2": ("Perumahan", "Perumahan Kepadatan Tinggi"),
    "R-3": ("Perumahan", "Perumahan Kepadatan Sedang"),
    "R-4": ("Perumahan", "Perumahan Kepadatan Rendah"),
    "SPU-2": ("Sarana Pelayanan Umum", "SPU Skala Kecamatan"),
    "SPU-3": ("Sarana Pelayanan Umum", "SPU Skala Kelurahan"),
    "K-2": ("Perdagangan dan Jasa", "Perdagangan dan Jasa Skala WP"),
    "K-3": ("Perdagangan dan Jasa", "Perdagangan dan Jasa Skala SWP"),
    "KT": ("Perkantoran", None),
    "TR": ("Transportasi", None),
    "PL-6": ("Peruntukan Lainnya", "Pergudangan"),
}

#: Classes of the general plans.
CLASS_NAMES: Final = {
    "BA": "Badan Air",
    "HL": "Kawasan Hutan Lindung",
    "PS": "Kawasan Perlindungan Setempat",
    "EM": "Kawasan Ekosistem Mangrove",
    "HP": "Kawasan Hutan Produksi Tetap",
    "HPT": "Kawasan Hutan Produksi Terbatas",
    "P-1": "Kawasan Tanaman Pangan",
    "P-2": "Kawasan Hortikultura",
    "P-3": "Kawasan Perkebunan",
    "IK-2": "Kawasan Perikanan Budi Daya",
    "KEG": "Kawasan Pergaraman",
    "KPI": "Kawasan Peruntukan Industri",
    "W": "Kawasan Pariwisata",
    "PK": "Kawasan Permukiman Perkotaan",
    "PD": "Kawasan Permukiman Perdesaan",
    "TR": "Kawasan Transportasi",
    COMPOUND: COMPOUND,
}

LINDUNG: Final = frozenset({"BA", "HL", "PS", "EM", "RTH-2", "RTH-7", "CB"})


def zone_columns(codes: list[str]) -> dict[str, list[str | None]]:
    """Official columns of detailed-plan zones; a zone without sub-zones has none.

    Examples
    --------
    >>> zone_columns(["R-2"])["KODZON"], zone_columns(["PS"])["KODSZN"]
    (['R'], [None])
    """
    names = [ZONE_NAMES[code] for code in codes]
    return {
        "NAMOBJ": [sub or zone for zone, sub in names],
        "KODZON": [
            code.split("-")[0] if sub else code for code, (_, sub) in zip(codes, names, strict=True)
        ],
        "NAMZON": [zone for zone, _ in names],
        "KODSZN": [code if sub else None for code, (_, sub) in zip(codes, names, strict=True)],
        "NAMSZN": [sub for _, sub in names],
        "JNSRPR": ["Kawasan Lindung" if code in LINDUNG else "Kawasan Budi Daya" for code in codes],
    }

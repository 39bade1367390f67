"""Faults that no single cell shows: names that lead nowhere, rules that lack what they need.

A rule with such a fault would silently not be applied, so each of them refuses the plan.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from spatial.notes import Note
from zoning.plan import normal
from zoning.plan_rows import listed
from zoning.ruleset import GROUP
from zoning.tables import Row, TableReading, columns_of

__all__ = ["at", "meta_faults", "plan_faults"]

#: Limits that are a share of the plot, so never above one.
SHARES: Final = frozenset({"kdb_maks", "kdh_min", "ktb_maks", "kwt_maks"})
#: No building has a hundred times its plot in floors: such a ratio was written in percent.
LARGEST_RATIO: Final = 100.0
#: What may stand in a table once at a time.
UNIQUE: Final = {"itbx": "kegiatan", "pengecualian": "kode", "luas_tercantum": "kode"}
#: What of a rule on hazards says which map it means.
MAP_COLUMNS: Final = ("layer", "kolom", "wilayah", "aturan_kelas", "pita", "ce90_m")
#: What an effect, or a way to lie somewhere, cannot do without.
NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "larang": (),
    "perketat": ("parameter", "batas"),
    "syarat": ("syarat",),
    "longgarkan": ("parameter", "batas", "pengecualian"),
    "layer": ("layer",),
    "atribut": ("kolom", "nilai"),
    "penyangga": ("layer", "jarak_m"),
    "sempadan_sungai": ("layer",),
}


def at(table: TableReading, row: Row, column: str) -> dict[str, Any]:
    """Return where something stands: file, row and column."""
    return {"file": table.file, "row": row.line, "column": column}


def meta_faults(data: Mapping[str, Any]) -> Iterator[Note]:
    """Yield what contradicts itself in `plan.toml`."""
    start = data.get("berlaku_dari", data["diundangkan"])
    end = data.get("berlaku_sampai")
    place = {"file": "plan.toml", "row": None}
    if end is not None and end <= start:
        text = "plan.toml, berlaku_sampai: {end} is not after {start}; correct one of them"
        facts = {"column": "berlaku_sampai", "start": start, "end": end}
        yield Note("plan_ends_first", text, "error", place | facts)
    if data["status_hukum"] == "dicabut" and end is None:
        text = "plan.toml: the plan is dicabut, but berlaku_sampai does not say since when; add it"
        yield Note("plan_revoked_when", text, "error", place | {"column": "berlaku_sampai"})
    own, layer = data["sistem_kode"], data.get("sistem_kode_layer", "")
    if layer and layer != own:
        text = "plan.toml, sistem_kode_layer: the layer is coded by {layer}, the rules by {own}; "
        text += "the same code means another zone there. Recode the layer, or load rules in {layer}"
        facts = {"column": "sistem_kode_layer", "own": own, "layer": layer}
        yield Note("plan_code_system", text, "error", place | facts)


def plan_faults(tables: Mapping[str, TableReading]) -> list[Note]:
    """Return the faults that tables have among each other.

    Parameters
    ----------
    tables : mapping of str to TableReading
        By name, as `zoning.plan_files.TABLES` lists them. A table with faults of its own is
        left out, and so is what leans on it.
    """
    sound = {name: table for name, table in tables.items() if not table.faults}
    found: list[Note] = []
    for name, table in sound.items():
        found += _reversed(table, "berlaku_dari", "berlaku_sampai")
        if name in UNIQUE:
            found += _twice(table, UNIQUE[name])
    if {"itbx", "intensitas"} <= sound.keys():
        found += _intensities(sound)
    rivers_known = "sempadan" in sound or "sempadan" not in tables
    if {"itbx", "ketentuan_khusus", "pengecualian"} <= sound.keys() and rivers_known:
        found += _overlays(sound)
    if {"itbx", "bahaya", "pengecualian"} <= sound.keys():
        found += _hazards(sound)
    if "luas_tercantum" in sound:
        found += _stated_areas(sound["luas_tercantum"])
    if {"itbx", "kbli"} <= sound.keys():
        activities, _ = _known(sound)
        for row in sound["kbli"].rows:
            found += _unknown(sound["kbli"], row, "kegiatan", [row.values["kegiatan"]], activities)
    return found


def _stated_areas(table: TableReading) -> Iterator[Note]:
    codes = [row.values["kode"] for row in table.rows]
    for row in table.rows:
        yield from _unknown(table, row, "induk", listed(row.values.get("induk", "")), codes)


def _known(tables: Mapping[str, TableReading]) -> tuple[list[str], list[str]]:
    """Return the activities of the matrix, and the selectors that may name them."""
    rows = [row.values for row in tables["itbx"].rows]
    activities = [values["kegiatan"] for values in rows]
    groups = dict.fromkeys(values["kelompok"] for values in rows if values.get("kelompok"))
    return activities, ["*", *activities, *(GROUP + group for group in groups)]


def _reversed(table: TableReading, first: str, last: str) -> Iterator[Note]:
    for row in table.rows:
        start, end = row.values.get(first), row.values.get(last)
        if start is not None and end is not None and end <= start:
            text = "{file}, row {row}, column {column}: {end} is not after {first} {start}"
            facts = {"first": first, "start": start, "end": end}
            yield Note("plan_span_reversed", text, "error", at(table, row, last) | facts)


def _twice(table: TableReading, column: str) -> Iterator[Note]:
    """Yield rows that say again what holds already: only one of them could be applied."""
    seen: dict[str, list[Row]] = defaultdict(list)
    for row in table.rows:
        name = normal(row.values[column])
        for other in seen[name]:
            if _together(row, other):
                text = "{file}, row {row}, column {column}: {value!r} stands in row {other} "
                text += "already; keep one, or give them dates that do not overlap"
                facts = {"value": row.values[column], "other": other.line}
                yield Note("plan_row_twice", text, "error", at(table, row, column) | facts)
                break
        seen[name].append(row)


def _together(one: Row, other: Row) -> bool:
    """Say whether there is a day on which both rows hold."""
    starts = [row.values.get("berlaku_dari", "0000") for row in (one, other)]
    ends = [row.values.get("berlaku_sampai", "9999-99") for row in (one, other)]
    return bool(max(starts) < min(ends))


def _unknown(
    table: TableReading, row: Row, column: str, names: Iterable[str], known: Sequence[str]
) -> Iterator[Note]:
    """Yield names that lead nowhere, with those they may have meant."""
    by_name = {normal(name): name for name in known}
    for name in names:
        if normal(name) not in by_name:
            close = difflib.get_close_matches(normal(name), by_name, n=3, cutoff=0.6)
            near = ", ".join(by_name[key] for key in close)
            text = "{file}, row {row}, column {column}: {value!r} is not known here; known: {known}"
            facts = {"value": name, "known": near or ", ".join(known[:12]) or "-"}
            yield Note("plan_name_unknown", text, "error", at(table, row, column) | facts)


def _too_large(
    table: TableReading, row: Row, parameter: str, value: float | None, column: str
) -> Iterator[Note]:
    largest = 1.0 if parameter in SHARES else LARGEST_RATIO
    if value is not None and parameter in SHARES | {"klb_maks"} and value > largest:
        text = "{file}, row {row}, column {column}: {parameter} {value} is a percentage; write it "
        text += "as a share, such as {share}"
        facts = {"parameter": parameter, "value": value, "share": value / 100}
        yield Note("plan_share_unit", text, "error", at(table, row, column) | facts)


def _intensities(tables: Mapping[str, TableReading]) -> Iterator[Note]:
    table = tables["intensitas"]
    zones = [name for name in tables["itbx"].columns if name not in columns_of("itbx")]
    _, selectors = _known(tables)
    yield from _reversed(table, "luas_dari_m2", "luas_sampai_m2")
    for row in table.rows:
        values = row.values
        yield from _unknown(table, row, "zona", [values["zona"]], zones)
        yield from _unknown(table, row, "kegiatan", listed(values.get("kegiatan", "")), selectors)
        yield from _too_large(table, row, values["parameter"], values["nilai"], "nilai")


def _overlays(tables: Mapping[str, TableReading]) -> Iterator[Note]:
    table = tables["ketentuan_khusus"]
    exemptions = [row.values["kode"] for row in tables["pengecualian"].rows]
    _, selectors = _known(tables)
    for row in table.rows:
        values = row.values
        for need in (values["efek"], values["geometri"]):
            for column in NEEDS[need]:
                if column not in values:
                    yield _lacks(table, row, column, need)
        if ("kolom" in values) != ("nilai" in values) and values["geometri"] != "atribut":
            lacking = "nilai" if "kolom" in values else "kolom"
            yield _lacks(table, row, lacking, "kolom" if lacking == "nilai" else "nilai")
        for column in ("kegiatan", "kecuali_kegiatan"):
            yield from _unknown(table, row, column, listed(values.get(column, "")), selectors)
        codes = listed(values.get("pengecualian", ""))
        yield from _unknown(table, row, "pengecualian", codes, exemptions)
        yield from _too_large(table, row, values.get("parameter", ""), values.get("batas"), "batas")
        if values["geometri"] == "sempadan_sungai" and not _rows(tables, "sempadan"):
            text = "{file}, row {row}, column {column}: sempadan_sungai takes its widths from "
            text += "sempadan.csv, which has no rows; add it"
            yield Note("plan_no_widths", text, "error", at(table, row, "geometri"))


def _hazards(tables: Mapping[str, TableReading]) -> Iterator[Note]:
    """Yield rules without what their effect needs, and one code for two maps."""
    table = tables["bahaya"]
    exemptions = [row.values["kode"] for row in tables["pengecualian"].rows]
    _, selectors = _known(tables)
    maps: dict[str, tuple[tuple[Any, ...], int]] = {}
    for row in table.rows:
        values = row.values
        if values["efek"] == "syarat" and "syarat" not in values:
            yield _lacks(table, row, "syarat", "syarat")
        for column in ("kegiatan", "kecuali_kegiatan"):
            yield from _unknown(table, row, column, listed(values.get(column, "")), selectors)
        codes = listed(values.get("pengecualian", ""))
        yield from _unknown(table, row, "pengecualian", codes, exemptions)
        own = tuple(values.get(name) for name in MAP_COLUMNS)
        first, line = maps.setdefault(values["kode"], (own, row.line))
        if own != first:
            text = "{file}, row {row}, column {column}: {kode} names another map than row {other}; "
            text += "give {known} the same values, or another kode"
            facts = {"kode": values["kode"], "other": line, "known": ", ".join(MAP_COLUMNS)}
            yield Note("plan_hazard_maps", text, "error", at(table, row, "layer") | facts)


def _rows(tables: Mapping[str, TableReading], name: str) -> tuple[Row, ...]:
    return tables[name].rows if name in tables else ()


def _lacks(table: TableReading, row: Row, column: str, need: str) -> Note:
    text = "{file}, row {row}, column {column}: {need} cannot do without it; fill it"
    return Note("plan_rule_lacks", text, "error", at(table, row, column) | {"need": need})

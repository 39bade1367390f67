"""Import a matrix and its limits from the wide and long tables that offices publish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from spatial.errors import PlanError
from zoning.plan_folder import BLANK, csv_text, write_plan_folder
from zoning.tables import columns_of, read_lines

__all__ = ["import_plan"]

#: Names of limits in published tables; what is printed in percent is a share here.
PARAMETERS: Final = {
    "kdb": ("kdb_maks", True),
    "kdh": ("kdh_min", True),
    "ktb": ("ktb_maks", True),
    "kwt": ("kwt_maks", True),
    "klb": ("klb_maks", False),
    "tinggi": ("tinggi_maks_m", False),
    "lantai": ("lantai_maks", False),
    "gsb": ("gsb_min_m", False),
    "jbs": ("jbs_min_m", False),
    "jbb": ("jbb_min_m", False),
    "kavling": ("kavling_min_m2", False),
}
MATRIX: Final = ("kelompok", "kegiatan")
LIMITS: Final = ("luas_min_m2", "luas_max_m2", "param", "zona", "nilai")


def import_plan(
    folder: Path | str,
    matrix: Path | str,
    limits: Path | str | None = None,
    *,
    pasal: str,
    sumber: str,
    overwrite: bool = False,
    **meta: Any,
) -> Path:
    """Build a plan folder from a published matrix, and the limits beside it.

    Parameters
    ----------
    folder : path
    matrix : path
        CSV with the columns `kelompok`, `kegiatan` and one per zone; blanks stay blank.
    limits : path, optional
        CSV with the columns `luas_min_m2`, `luas_max_m2` (both ends inside the class, as
        printed), `param` (KDB, KLB, KDH, Tinggi ...), `zona`, `nilai` (KDB and KDH in percent).
    pasal, sumber : str
        Where the tables stand in the law, and where they were read. Every row says
        `belum_diverifikasi`.
    **meta
        Keys of `plan.toml`; the rest is left to be filled in.

    Raises
    ------
    PlanError
        With file, row and column of what cannot be read.
    """
    cited = {"pasal": pasal, "sumber": sumber, "status": "belum_diverifikasi"}
    zones, rows = _matrix(Path(matrix), cited)
    named = list(columns_of("itbx"))
    tables = {
        "itbx": csv_text([*named[:2], *zones, *named[2:]], rows),
        "intensitas": csv_text(
            columns_of("intensitas"), _limits(Path(limits), cited) if limits else ()
        ),
    }
    for name in ("ketentuan_khusus", "kbli", "pengecualian"):
        tables[name] = csv_text(columns_of(name), ())
    target = Path(folder)
    known = {"id": target.name, **BLANK, "status": "belum_diverifikasi", "sumber": sumber}
    known |= {"subkode": {}, "zona": {}, "contoh": []}
    return write_plan_folder(target, known | meta, tables, overwrite=overwrite)


def _table(path: Path, wanted: tuple[str, ...]) -> tuple[list[str], list[tuple[int, list[str]]]]:
    lines = read_lines(path)
    header = [cell.strip() for cell in lines[0]] if lines else []
    missing = [name for name in wanted if name not in header]
    if missing:
        raise PlanError(
            "{file}: column {column!r} is missing; add it",
            code="plan_column_missing",
            file=path.name,
            row=1,
            column=missing[0],
        )
    rows = [(number, cells) for number, cells in enumerate(lines[1:], start=2) if any(cells)]
    for number, cells in rows:
        if len(cells) != len(header):
            raise PlanError(
                "{file}, row {row}: {found} cells instead of {wanted}; put texts with a comma "
                'between "quotes"',
                code="plan_row_width",
                file=path.name,
                row=number,
                found=len(cells),
                wanted=len(header),
            )
    return header, rows


def _matrix(path: Path, cited: Mapping[str, str]) -> tuple[list[str], list[dict[str, str]]]:
    header, rows = _table(path, MATRIX)
    zones = [name for name in header if name not in MATRIX]
    return zones, [{**cited, **dict(zip(header, cells, strict=True))} for _, cells in rows]


def _limits(path: Path, cited: Mapping[str, str]) -> Iterator[dict[str, str]]:
    header, rows = _table(path, LIMITS)
    for number, cells in rows:
        values = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        known = PARAMETERS.get(values["param"].casefold())
        if known is None:
            raise PlanError(
                "{file}, row {row}, column {column}: {value} is not known; write one of {known}",
                code="plan_value_unknown",
                file=path.name,
                row=number,
                column="param",
                value=values["param"],
                known=", ".join(PARAMETERS),
            )
        parameter, percent = known
        yield {
            **cited,
            "zona": values["zona"],
            "parameter": parameter,
            "nilai": _number(path, number, values["nilai"], percent=percent),
            "luas_dari_m2": values["luas_min_m2"],
            "luas_sampai_m2": values["luas_max_m2"],
            "sampai_termasuk": "ya" if values["luas_max_m2"] else "",
        }


def _number(path: Path, row: int, text: str, *, percent: bool) -> str:
    """Return a number as text, exactly: 80 percent is 0.8."""
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise PlanError(
            "{file}, row {row}, column {column}: {value!r} is no number; write it like 0.6, with "
            "a point and without a unit",
            code="plan_not_a_number",
            file=path.name,
            row=row,
            column="nilai",
            value=text,
        ) from error
    return f"{(value / 100 if percent else value).normalize():f}"

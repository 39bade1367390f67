"""A file of areas with numbers, read for statistics: CRS stated, persons kept out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.files import read_confined
from layers.poverty.columns import Decimal, codes, find_code_column, numbers, single_period
from layers.poverty.personal import refuse_personal
from spatial.crs import check_extent, parse_crs, same_crs
from spatial.errors import CrsError, LayerError, SchemaError
from spatial.notes import Note

__all__ = ["PLANAR", "join_areas", "read_areas"]

#: A plane of unknown units, as in many published data sets: for statistics alone.
PLANAR: Final = "planar"


def read_areas(
    path: Path,
    *,
    value: str,
    population: str | None = None,
    others: Sequence[str] = (),
    id_column: str | None = None,
    areas: Path | None = None,
    source_crs: str | None = None,
    decimal: Decimal | None = None,
    layer: str | None = None,
    private: bool = False,
) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    """Read areas for a study of clusters.

    Parameters
    ----------
    path : Path
        A layer in any format that is read, or a table (CSV, XLSX) if `areas` is given.
    value, population : str
        Columns that become numbers.
    others : sequence of str
        Further columns that become numbers: an earlier period, indicators.
    id_column : str, optional
        Column that names the areas; without it a known column of codes, else the row number.
    areas : Path, optional
        Polygons to which a table is joined by code, dots or none.
    source_crs : str, optional
        CRS of a file that states none, or `planar`.
    decimal : {"point", "comma"}, optional
        For tables in which numbers could be read either way.
    layer : str, optional
        Of a file that holds several.
    private : bool
        True in a private workspace, where data of persons may be read.

    Returns
    -------
    frame : GeoDataFrame
        Indexed by area; without a CRS if planar. Rows of a table that match no polygon keep
        their place without geometry; polygons without a row keep theirs without numbers.
    notes : tuple of Note

    Raises
    ------
    LayerError, SchemaError, CrsError, AccessError
    """
    frame = _load(path, source_crs, layer, table=areas is not None)
    refuse_personal(frame, private=private, what=path.name, area_name=id_column)
    single_period(frame)
    wanted = list(dict.fromkeys(name for name in (value, population, *others) if name))
    for name in (*wanted, *([id_column] if id_column else [])):
        _check_column(frame, name)
    named = id_column or find_code_column(frame.columns.drop(wanted))
    read = frame.assign(**{name: numbers(frame[name], decimal=decimal) for name in wanted})
    if areas is None:
        indexed = read.set_index(codes(frame[named])) if named else read.rename_axis("id")
        return gpd.GeoDataFrame(indexed), ()
    if named is None:
        raise _no_code(path.name, frame.columns)
    shapes = _load(areas, source_crs, None, table=False)
    return _joined(read, codes(frame[named]), shapes, _key(shapes, named, areas.name))


def join_areas(
    table: pd.DataFrame, shapes: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    """Give every row of a table the polygon with its code, dots or none; both have been read.

    Raises
    ------
    SchemaError
        `join_no_code`, `join_nothing`, or a code that is missing or stands twice.

    Examples
    --------
    >>> squares = gpd.GeoDataFrame(
    ...     {"kdepum": ["33.01", "33.02"]}, geometry=[shapely.box(i, 0, i + 1, 1) for i in (0, 1)])
    >>> frame, notes = join_areas(pd.DataFrame({"kode_desa": ["3301"], "miskin": [40]}), squares)
    >>> frame["miskin"].to_list(), notes[0].code
    ([40.0, nan], 'join_polygons_alone')
    """
    named = find_code_column(table.columns)
    if named is None:
        raise _no_code("the table", table.columns)
    key = _key(shapes, named, "the layer of polygons")
    return _joined(table, codes(table[named]), shapes, key)


def _check_column(frame: pd.DataFrame, name: str) -> None:
    if name not in frame.columns:
        raise SchemaError(
            "there is no column {column!r}",
            code="value_column_missing",
            hint="The columns are: {columns}",
            column=name,
            columns=", ".join(map(str, frame.columns.drop("geometry", errors="ignore"))),
        )


def _load(path: Path, source_crs: str | None, layer: str | None, *, table: bool) -> pd.DataFrame:
    """Read a file as it is, with its CRS; a table only where one is expected."""
    raw = read_confined(path, layer)
    frame = raw.frame
    if not len(frame) or not (table or isinstance(frame, gpd.GeoDataFrame)):
        raise LayerError(
            "{path} holds no areas",
            code="areas_none",
            hint="Join the table to its polygons: --areas desa.gpkg",
            path=raw.name,
        )
    if isinstance(frame, gpd.GeoDataFrame):
        return _placed(frame, raw.crs, source_crs, raw.name)
    return frame


def _placed(frame: gpd.GeoDataFrame, stated: Any, given: str | None, name: str) -> gpd.GeoDataFrame:
    """Put the frame where it says it is; a file that states another CRS is refused."""
    bare = gpd.GeoDataFrame(
        frame.drop(columns="geometry"),
        geometry=gpd.GeoSeries(np.asarray(frame.geometry.array), index=frame.index),
    )
    if given == PLANAR:
        return bare
    if stated is not None and given is not None and not same_crs(parse_crs(stated), given):
        raise CrsError(
            "{what} states {stated}, not {given}",
            code="crs_stated",
            hint="--source-crs is for files that state none; leave it out, or correct the file",
            what=name,
            stated=parse_crs(stated).name,
            given=parse_crs(given).name,
        )
    placed = bare.set_crs(parse_crs(given if stated is None else stated, what=name))
    shown = ~(placed.geometry.isna() | placed.geometry.is_empty)
    if shown.any():
        west, south, east, north = shapely.total_bounds(np.asarray(placed.geometry.array)[shown])
        check_extent((west, south, east, north), placed.crs, what=name)
    return placed


def _key(shapes: pd.DataFrame, named: str, what: str) -> pd.Index:
    """Codes of the polygons: the column of the same name, else a known one."""
    same = next((str(c) for c in shapes.columns if str(c).lower() == named.lower()), None)
    column = same or find_code_column(shapes.columns)
    if column is None:
        raise _no_code(what, shapes.columns.drop("geometry"))
    return codes(shapes[column])


def _no_code(what: str, columns: pd.Index) -> SchemaError:
    return SchemaError(
        "{what} has no column of codes to join its polygons by",
        code="join_no_code",
        hint="Name it with --id; the columns are: {columns}",
        what=what,
        columns=", ".join(map(str, columns)),
    )


def _joined(
    table: pd.DataFrame, table_codes: pd.Index, shapes: pd.DataFrame, shape_codes: pd.Index
) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    """Give every row its polygon; what has no partner stays, and is told."""
    left, right = _bare(table_codes), _bare(shape_codes)
    place = right.get_indexer(left)
    lonely = ~right.isin(left)
    if (place < 0).all():
        raise SchemaError(
            "no code of the table is one of the {count} polygons",
            code="join_nothing",
            hint="Check that both use the same codes (Kemendagri or BPS) and the same edition",
            count=len(right),
        )
    geometry = np.asarray(shapes.geometry.array, dtype=object)
    found = geometry[np.maximum(place, 0)]
    found[place < 0] = None
    plain = table.drop(columns="geometry", errors="ignore").set_axis(table_codes)
    rest = pd.DataFrame(index=shape_codes[lonely])
    frame = gpd.GeoDataFrame(
        pd.concat((plain, rest)),
        geometry=[*found, *geometry[lonely]],
        crs=shapes.geometry.crs,
    ).rename_axis("id")
    notes = [
        Note(code, text, "warning", {"count": len(names), "example": str(names[0])})
        for code, text, names in (
            (
                "join_rows_alone",
                "{count} rows of the table have no polygon, for example {example}",
                table_codes[place < 0],
            ),
            (
                "join_polygons_alone",
                "{count} polygons have no row in the table, for example {example}",
                shape_codes[lonely],
            ),
        )
        if len(names)
    ]
    return frame, tuple(notes)


def _bare(names: pd.Index) -> pd.Index:
    """Codes without dots: one register writes 33.74.01.1001, the other 3374011001."""
    return pd.Index(names.astype(str).str.replace(".", "", regex=False))

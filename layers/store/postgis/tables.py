"""Frames as tables: written by binary COPY, read back value for value."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from itertools import count, islice
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from psycopg import sql

from layers.store.hashing import ROW, Frame, hash_of
from layers.store.parts import Facts, Parts
from layers.store.postgis.database import Connection
from spatial.crs import parse_crs
from spatial.errors import StoreError

__all__ = ["DATA", "hash_table", "read_table", "table_name", "write_table"]

DATA: Final = "tataruang_versi"
TYPES: Final = {
    "bool": "boolean",
    "int": "bigint",
    "float": "double precision",
    "text": "text",
    "date": "date",
    "datetime": "timestamp",
    "instant": "timestamptz",
}
#: What COPY calls the types of Python values.
_COPIED: Final = {
    "bool": "bool",
    "int": "int8",
    "float": "float8",
    "text": "text",
    "date": "date",
    "datetime": "timestamp",
    "instant": "timestamptz",
    "geometry": "bytea",
}
#: PostgreSQL cuts longer names without a word.
_LONGEST_NAME: Final = 63
#: Numbers of reference systems that belong to users, by the rule of PostGIS.
_OWN_SRID: Final = (910_000, 80_000)
#: Rows that are looked at together when all are hashed.
_BATCH: Final = 20_000


def table_name(content_id: str) -> sql.Identifier:
    """Return the table of a content: names in PostgreSQL are shorter than a hash."""
    return sql.Identifier(DATA, f"v_{content_id[:40]}")


def write_table(connection: Connection, content_id: str, parts: Parts) -> str:
    """Create and fill the table of a content, index it, and make it immutable.

    Returns
    -------
    str
        The query that shows it to a GIS.
    """
    facts = parts.facts
    types = facts.types
    _check_names(types)
    name, srid = table_name(content_id), _srid(connection, facts.crs)
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(column), _type(facts, kind, srid))
        for column, kind in types.items()
    ]
    row = sql.SQL("{} bigint PRIMARY KEY").format(sql.Identifier(ROW))
    connection.execute(
        sql.SQL("CREATE TABLE {} ({})").format(name, sql.SQL(", ").join([row, *columns]))
    )
    _copy(connection, name, parts, srid)
    if "geometry" in types.values():
        connection.execute(sql.SQL("CREATE INDEX ON {} USING gist (geometry)").format(name))
        if _mixed(facts):
            connection.execute(
                sql.SQL("CREATE INDEX ON {} USING gist (ST_Multi(geometry))").format(name)
            )
    connection.execute(
        sql.SQL(
            "CREATE TRIGGER immutable BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {}"
            " FOR EACH STATEMENT EXECUTE FUNCTION tataruang.refuse()"
        ).format(name)
    )
    connection.execute(sql.SQL("ANALYZE {}").format(name))
    return _shown(facts, content_id, srid).as_string(connection)


def read_table(connection: Connection, content_id: str, columns: str, crs: str | None) -> Frame:
    """Read the table of a content as it was published.

    Parameters
    ----------
    columns : str
        JSON of [name, type] pairs, as kept with the content.
    """
    types: dict[str, str] = dict(json.loads(columns))
    [frame] = _frames(connection, content_id, types, crs, rows=None)
    return frame


def hash_table(connection: Connection, content_id: str, columns: str, crs: str | None) -> str:
    """Return the hash of what a table holds; few of its rows are in memory at once."""
    types: dict[str, str] = dict(json.loads(columns))
    counted = sql.SQL("SELECT count(*) FROM {}").format(table_name(content_id))
    [rows] = connection.execute(counted).fetchone() or [0]
    frames = _frames(connection, content_id, types, crs, rows=_BATCH)
    return hash_of(frames, types=types, rows=rows, crs=crs)


def _frames(
    connection: Connection,
    content: str,
    types: dict[str, str],
    crs: str | None,
    *,
    rows: int | None,
) -> Iterator[Frame]:
    """Yield the rows of a table, so many at a time, or all; at least one frame."""
    wanted = sql.SQL(", ").join(sql.Identifier(name) for name in (ROW, *types))
    query = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT (FORMAT BINARY)").format(
        wanted, table_name(content), sql.Identifier(ROW)
    )
    with connection.cursor().copy(query) as copy:
        copy.set_types(["int8", *(_COPIED[kind] for kind in types.values())])
        found = copy.rows()
        some = list(islice(found, rows))
        yield _framed(some, types, crs)
        while rows is not None and (some := list(islice(found, rows))):
            yield _framed(some, types, crs)


def _framed(rows: list[tuple[Any, ...]], types: dict[str, str], crs: str | None) -> Frame:
    values = list(zip(*rows, strict=True))[1:] if rows else [()] * len(types)
    made = {name: _series(kind, list(column)) for (name, kind), column in
            zip(types.items(), values, strict=True)}  # fmt: skip
    index = pd.RangeIndex(len(rows))
    if "geometry" not in types.values():
        return pd.DataFrame(made, index=index, columns=list(types))
    return gpd.GeoDataFrame(made, index=index, geometry="geometry", crs=parse_crs(crs))


def _shown(facts: Facts, content_id: str, srid: int) -> sql.Composed:
    """Return the query of the view that shows a content to a GIS.

    Where single and multiple shapes are mixed it shows all as multiple, because a GIS opens
    a layer of one type; the table keeps what was published.
    """
    shown: list[sql.Composable] = [sql.Identifier(ROW)]
    for name, kind in facts.types.items():
        multi = _mixed(facts) if kind == "geometry" else ""
        if multi:
            cast = sql.SQL("ST_Multi(geometry)::geometry({}, {}) AS geometry")
            shown.append(cast.format(sql.Identifier(multi), sql.Literal(srid)))
        else:
            shown.append(sql.Identifier(name))
    return sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(shown), table_name(content_id))


def _check_names(types: dict[str, str]) -> None:
    for name in types:
        if len(name.encode()) > _LONGEST_NAME:
            raise StoreError(
                "column {column} has a name that is too long for PostgreSQL",
                code="column_name_long",
                hint="Shorten it to {longest} letters, or keep the layer in a folder",
                column=name,
                longest=_LONGEST_NAME,
            )


def _mixed(facts: Facts) -> str:
    """Return the multiple type of a layer that mixes single and multiple shapes of one kind."""
    found = facts.geometry_types
    multi = [name for name in found if name.startswith("Multi")]
    if len(found) == 2 and len(multi) == 1 and f"Multi{next(iter(found - set(multi)))}" == multi[0]:
        return multi[0]
    return ""


def _type(facts: Facts, kind: str, srid: int) -> sql.Composable:
    if kind != "geometry":
        return sql.SQL(TYPES[kind])
    if facts.deep:
        # A declared type would fix the dimension of every row.
        return sql.SQL("geometry")
    one = next(iter(facts.geometry_types)) if len(facts.geometry_types) == 1 else "Geometry"
    one = "LineString" if one == "LinearRing" else one
    return sql.SQL("geometry({}, {})").format(sql.Identifier(one), sql.Literal(srid))


def _copy(connection: Connection, name: sql.Identifier, parts: Parts, srid: int) -> None:
    types = parts.facts.types
    wanted = sql.SQL(", ").join(sql.Identifier(column) for column in (ROW, *types))
    query = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(name, wanted)
    number = count()
    with connection.cursor().copy(query) as copy:
        copy.set_types(["int8", *(_COPIED[kind] for kind in types.values())])
        for frame in parts.frames():
            columns = [_values(frame[column], kind, srid) for column, kind in types.items()]
            for values in zip(*columns, strict=True):
                copy.write_row((next(number), *values))


def _values(values: pd.Series[Any], kind: str, srid: int) -> list[Any]:
    """Return a column as Python values, None where there is nothing."""
    if kind == "geometry":
        shapes = shapely.set_srid(np.asarray(values.array, dtype=object), srid)
        return list(shapely.to_wkb(shapes, byte_order=1, include_srid=True, flavor="extended"))
    if kind in {"datetime", "instant"}:
        return [None if pd.isna(one) else one.to_pydatetime() for one in values]
    return [None if missing else one for one, missing in zip(
        values.astype(object).tolist(), values.isna().tolist(), strict=True
    )]  # fmt: skip


def _series(kind: str, values: list[Any]) -> Any:
    """Return Python values as a column of canonical dtype."""
    missing = any(one is None for one in values)
    if kind == "geometry":
        return gpd.array.GeometryArray(
            shapely.set_srid(shapely.from_wkb(np.array(values, dtype=object)), 0)
        )
    if kind == "bool":
        return pd.Series(values, dtype="boolean" if missing else "bool")
    if kind == "int":
        return pd.Series(values, dtype="Int64" if missing else "int64")
    if kind == "float":
        return pd.Series([np.nan if one is None else one for one in values], dtype="float64")
    if kind == "text":
        return pd.Series(values, dtype="str")
    if kind == "datetime":
        return pd.Series(values, dtype="datetime64[us]")
    if kind == "instant":
        return pd.Series(pd.to_datetime(values, utc=True)).astype("datetime64[us, UTC]")
    return pd.Series(values, dtype="object")


def _srid(connection: Connection, crs: str | None) -> int:
    """Return the number of a reference system in this database; a new one is added."""
    if crs is None:
        return 0
    found = parse_crs(crs)
    authority, code = found.to_authority() or ("", "")
    if (authority, code) == ("OGC", "CRS84"):
        authority, code = "EPSG", "4326"
    if authority:
        known = connection.execute(
            "SELECT srid FROM spatial_ref_sys WHERE auth_name = %s AND auth_srid::text = %s",
            [authority, code],
        ).fetchone()
        if known:
            return int(known[0])
    first, room = _OWN_SRID
    wkt = found.to_wkt("WKT1_GDAL")
    number = int(code) if authority == "EPSG" else first + zlib.crc32(wkt.encode()) % room
    connection.execute(
        "INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text)"
        " VALUES (%s, %s, %s, %s, '') ON CONFLICT (srid) DO NOTHING",
        [number, authority or "tataruang", number if not code.isdigit() else int(code), wkt],
    )
    return number

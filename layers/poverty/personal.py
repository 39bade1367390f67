"""Personal data are turned away at the door, unless the workspace is a private one.

Law 27 of 2022 treats a person's finances as specific personal data; combined with a place a
name is not even needed to find the household.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.errors import AccessError

__all__ = ["personal_columns", "refuse_identity", "refuse_personal"]

#: Column names of people and houses, letters only and in lower case.
PERSONAL: Final = re.compile(
    r"^(no|nomor|nomer)?(nik|kartukeluarga|ktp|nip|npwp|telp|telepon|hp|handphone|rekening)"
    r"(krt|kepala\w*|art|anggota|ibu\w*)?$"
    r"|^(no|nomor|nomer)kk$"
    r"|^nama(krt|kk|kepala\w*|lengkap|penerima\w*|anggota\w*|art|ibu\w*|ayah|orang|warga|penduduk)$"
    r"|^alamat\w*$|^(tgl|tanggal|tempat)lahir$|^(koordinat|lat|lon|lintang|bujur)\w*(rumah|rtm)\w*$"
    r"|^(rumah)(lat|lon|koordinat|lintang|bujur)\w*$|^(householdhead|fullname|address)\w*$"
)
#: Columns that are a person's identity, in whatever layer they stand.
IDENTITY: Final = re.compile(
    r"^(no|nomor|nomer)?(nik|kartukeluarga|ktp)(krt|kepala\w*)?$|^(no|nomor|nomer)kk$"
)
#: Bare names of persons or of areas: refused where rows are not areas.
BARE: Final = frozenset(
    {"nama", "name", "rt", "lat", "lon", "lng", "lintang", "bujur", "latitude", "longitude"}
    | {"kepalakeluarga", "kepalarumahtangga", "krt", "penerima", "penerimamanfaat", "pemohon"}
)
#: A NIK or a number of a family card, grouped or quoted; a single point would be a decimal one.
SIXTEEN: Final = re.compile(r"^\W*(?![^.]*\.[^.]*$)(\d[\s.\-]?){15}\d\W*$")
AREA_CODE: Final = re.compile(r"^\d{2}(\.?\d{2}){0,2}(\.?\d{4})?$")


def personal_columns(frame: pd.DataFrame, *, area_name: str | None = None) -> list[str]:
    """Return the columns that hold data of persons, by name or by what stands in them.

    Parameters
    ----------
    frame : DataFrame
    area_name : str, optional
        Column of bare names (`nama`) that the user says are those of areas.

    Examples
    --------
    >>> personal_columns(pd.DataFrame({"NIK": ["1"], "No. KK": ["2"], "jumlah_kk": [120]}))
    ['NIK', 'No. KK']
    """
    areal = _rows_are_areas(frame)
    return [
        str(name)
        for name in frame.columns
        if name != "geometry" and _personal(frame, str(name), areal or name == area_name)
    ]


def _personal(frame: pd.DataFrame, name: str, areal: bool) -> bool:
    letters = re.sub(r"[^a-z]", "", name.lower())
    if PERSONAL.match(letters) or (not areal and letters in BARE):
        return True
    return _sixteen(frame[name].dropna())


def _sixteen(column: pd.Series) -> bool:
    if pd.api.types.is_float_dtype(column):
        # A table with a gap turns whole numbers into floats.
        return bool((column.between(1e15, 1e16, inclusive="left") & (column % 1 == 0)).any())
    if pd.api.types.is_bool_dtype(column):
        return False
    return bool(column.astype(str).str.match(SIXTEEN).any())


def _rows_are_areas(frame: pd.DataFrame) -> bool:
    """Say whether every row is an area of its own: a polygon, or a unique official code."""
    if isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name is not None:
        return bool(
            (shapely.get_dimensions(np.asarray(frame.geometry.array)) != 0).all()
        ) or _coded(frame)
    return _coded(frame)


def _coded(frame: pd.DataFrame) -> bool:
    return any(_official(frame[name]) for name in _candidates(frame))


def _candidates(frame: pd.DataFrame) -> Iterator[str]:
    return (str(name) for name in frame.columns if str(name).lower().startswith(("k", "id")))


def _official(column: pd.Series) -> bool:
    text = column.dropna().astype(str)
    return len(text) == len(column) and text.is_unique and bool(text.str.match(AREA_CODE).all())


def refuse_personal(
    frame: pd.DataFrame,
    *,
    private: bool = False,
    what: str = "table",
    area_name: str | None = None,
) -> None:
    """Refuse a table that names persons or shows houses.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
    private : bool
        True inside a workspace that nobody publishes from.
    what : str
        Name of the table, for the message.
    area_name : str, optional
        As `personal_columns` takes it.

    Raises
    ------
    AccessError
        `personal_data` with the columns, or `house_points`. The values are not repeated.

    Examples
    --------
    >>> refuse_personal(pd.DataFrame({"kode_desa": ["33.74.01.1001"], "poor": [120]}))
    >>> refuse_personal(pd.DataFrame({"NIK": ["1"]}), what="dtsen.csv")
    Traceback (most recent call last):
    spatial.errors.AccessError: dtsen.csv holds data of persons: NIK...
    """
    if private:
        return
    if found := personal_columns(frame, area_name=area_name):
        raise _personal_error(found, what)
    if _house_points(frame):
        raise AccessError(
            "{what} shows points that are no areas: they may be houses",
            code="house_points",
            hint="Send counts per desa with their codes, or work in a private workspace",
            what=what,
        )


def refuse_identity(frame: pd.DataFrame, *, what: str = "layer") -> None:
    """Refuse a layer of anything that carries numbers of identity cards or family cards.

    Schools have names and addresses, and parcels have owners' villages; a NIK or a KK number
    belongs to a person wherever it stands.

    Raises
    ------
    AccessError
        `personal_data` with the columns.

    Examples
    --------
    >>> refuse_identity(pd.DataFrame({"nama": ["SD 1"], "alamat": ["Jl. Contoh"]}))
    """
    found = [
        str(name) for name in frame.columns if name != "geometry" and _identity(frame, str(name))
    ]
    if found:
        raise _personal_error(found, what)


def _identity(frame: pd.DataFrame, name: str) -> bool:
    letters = re.sub(r"[^a-z]", "", name.lower())
    return bool(IDENTITY.match(letters)) or _sixteen(frame[name].dropna())


def _personal_error(found: list[str], what: str) -> AccessError:
    return AccessError(
        "{what} holds data of persons: {columns}",
        code="personal_data",
        hint="Send counts per desa, or work in a private workspace",
        what=what,
        columns=", ".join(found),
    )


def _house_points(frame: pd.DataFrame) -> bool:
    """Points on the earth without an area's code; points of a bare plane are nowhere."""
    if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
        return False
    points = bool((shapely.get_dimensions(np.asarray(frame.geometry.array)) == 0).any())
    return points and frame.crs is not None and not _coded(frame)

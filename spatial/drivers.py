"""Which of GDAL's drivers may run at all: set before any of the three GDALs of this process loads.

pyogrio, rasterio and fiona each carry a GDAL of their own. Some of its drivers open what a
file names: other files, addresses, programs. They are switched off by an environment variable
that GDAL reads once, so this module is the first that `spatial` imports, and it imports nothing
that loads GDAL.
"""

from __future__ import annotations

import logging
import os
from typing import Final

__all__ = ["FOLLOWING_DRIVERS", "disarm"]

#: Drivers that open what a file or a text names: other files, the network, programs.
FOLLOWING_DRIVERS: Final = (
    "VRT",
    "OGR_VRT",
    "DERIVED",
    "GDALG",
    "HTTP",
    "WFS",
    "OAPIF",
    "OGCAPI",
    "CSW",
    "AmigoCloud",
    "Carto",
    "Elasticsearch",
    "NGW",
    "PLSCENES",
    "EEDA",
    "ADBC",
    "GPSBabel",
    "PDS4",
    "OGR_PDS",
    "Selafin",
)
#: Options that keep the drivers that are left from reaching beyond their file.
OPTIONS: Final = {
    "GDAL_VRT_ENABLE_RAWRASTERBAND": "NO",
    "GML_DOWNLOAD_SCHEMA": "NO",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_HTTP_MAX_RETRY": "0",
}


def disarm() -> None:
    """Switch the following drivers off for every GDAL that loads from now on.

    What the user's own GDAL_SKIP names stays off too.

    Examples
    --------
    >>> disarm()
    >>> "OGR_VRT" in os.environ["GDAL_SKIP"].split(",")
    True
    """
    named = [name for name in os.environ.get("GDAL_SKIP", "").split(",") if name]
    wanted = dict.fromkeys([*named, *FOLLOWING_DRIVERS])
    os.environ["GDAL_SKIP"] = ",".join(wanted)
    for option, value in OPTIONS.items():
        os.environ.setdefault(option, value)
    # Not every wheel carries every driver, and two of them warn of each that they lack.
    for name in ("rasterio._env", "fiona._env"):
        logger = logging.getLogger(name)
        if _not_of_lacking_drivers not in logger.filters:
            logger.addFilter(_not_of_lacking_drivers)


def _not_of_lacking_drivers(record: logging.LogRecord) -> bool:
    return "GDAL_SKIP" not in record.getMessage()


disarm()

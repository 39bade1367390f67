"""Files of strangers, made frames: looked at, opened by one road, in a confined process."""

from layers.files.raw import Raw, crs_of
from layers.files.sandbox import (
    format_of,
    looked_at,
    raster_file,
    read_confined,
    stream_to_parquet,
    streamed,
)

__all__ = [
    "Raw",
    "crs_of",
    "format_of",
    "looked_at",
    "raster_file",
    "read_confined",
    "stream_to_parquet",
    "streamed",
]

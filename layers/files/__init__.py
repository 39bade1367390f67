"""Files of strangers, made frames: looked at, opened by one road, in a confined process."""

from layers.files.raw import Raw
from layers.files.sandbox import format_of, raster_file, read_confined, stream_to_parquet

__all__ = ["Raw", "format_of", "raster_file", "read_confined", "stream_to_parquet"]

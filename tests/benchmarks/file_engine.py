"""The engine's own job from file to file: a process that imports no more than the job needs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from spatial.index import Shelf
from spatial.parcels import open_source
from spatial.shares_file import shares_to_file

__all__ = ["main"]


def main(words: list[str]) -> None:
    """Measure parcels against saved indexes; print processor seconds and peak megabytes.

    Parameters
    ----------
    words : list of str
        Parcels, folder of indexes, target, CRS, names of layers.
    """
    parcels, folder, target, crs, *layers = words
    shelf = Shelf(Path(folder))
    indexes = {name: index for name in layers if (index := shelf.find(name)) is not None}
    source = open_source(Path(parcels), crs=crs)
    if source is None or len(indexes) != len(layers):
        sys.exit("the files were not prepared")
    shares_to_file(source, indexes, Path(target), id_column="nop")
    used = os.times()
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    print(f'{{"cpu_seconds": {used.user + used.system}, "megabytes": {peak / 1024}}}')


if __name__ == "__main__":
    main(sys.argv[1:])

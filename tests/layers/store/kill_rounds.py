"""Publishers that are killed: run as a script, prints one line of JSON per round.

Every round forks a publisher from a parent that has imported everything, lets it publish
for a random moment, and kills it with SIGKILL. What the publisher had acknowledged through
a pipe is printed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from layers.store import FileStore
from tests.layers.store.places import opener


def publish_for_ever(reopen: Callable, pipe: int, start: int) -> None:
    store = reopen()
    cells = [shapely.box(110 + i / 100, -7, 110.01 + i / 100, -6.9) for i in range(50)]
    for number in count(start):
        frame = gpd.GeoDataFrame({"n": [number] * 50}, geometry=cells, crs=4326)
        version = store.publish(frame, name=f"layer_{number % 3}")
        os.write(pipe, f"{version.seq} {version.name} {version.id} {number}\n".encode())


def warm_up() -> None:
    """Publish once elsewhere, so that no round spends its time on imports."""
    FileStore(Path(tempfile.mkdtemp())).publish(pd.DataFrame({"n": [1]}), name="warm")


def main(place: str, rounds: int, seed: int) -> None:
    reopen = opener(place)
    chance = random.Random(seed)  # noqa: S311  moments of death are no secret
    warm_up()
    for done in range(rounds):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            publish_for_ever(reopen, writer, 1000 * done)
        os.close(writer)
        with os.fdopen(reader) as lines:
            # Killed at any moment of any publication, however slow the machine is just now.
            seen = [lines.readline() for _ in range(chance.randrange(4))]
            time.sleep(chance.uniform(0.0, 0.08))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            seen += list(lines)
        print(json.dumps([line.split() for line in seen if line.endswith("\n")]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

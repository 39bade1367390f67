"""Publish until the disk is full, then say what the store still serves; run as a script."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from layers.store import FileStore
from spatial.errors import StoreError


def main(place: Path) -> None:
    folder, done, refused = place / "store", 0, ""
    store = FileStore(folder)
    for number in range(100):
        noise = np.random.default_rng(number).random(30_000)
        try:
            store.publish(pd.DataFrame({"x": noise}).assign(n=number), name="derau")
        except StoreError as error:
            refused = error.code
            break
        done = number + 1
    again = FileStore(folder)
    said = {
        "published": done,
        "refused": refused,
        "served": int(again.get("derau").frame["n"].iloc[0]) + 1,
        "faults": [str(note) for note in again.verify()],
        "left": len(list((folder / "versions").iterdir())),
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Write the sample into a folder: `python data_samples/build.py FOLDER [SEED]`."""

from __future__ import annotations

import sys

from layers.sample.__main__ import main

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

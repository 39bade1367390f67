"""Write the sample into a folder: `python -m layers.sample FOLDER [SEED]`."""

from __future__ import annotations

import sys

from layers.sample import build

USAGE = "usage: python -m layers.sample FOLDER [SEED]"


def main(arguments: list[str]) -> int:
    """Build the sample and say what was written."""
    if len(arguments) not in (1, 2) or not all(text.isdigit() for text in arguments[1:]):
        print(USAGE, file=sys.stderr)
        return 2
    seed = int(arguments[1]) if len(arguments) == 2 else 33
    manifest = build(arguments[0], seed=seed)
    print(f"{len(manifest['layers'])} layers in {arguments[0]} ({manifest['remark']})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""The sample: a seeded, fictional kabupaten that looks like the real thing.

Everything in it is invented and marked "contoh, bukan data resmi".
"""

from __future__ import annotations

from layers.sample.build import build

__all__ = ["build"]

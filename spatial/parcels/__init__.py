"""Parcels straight from the bytes of a file: no geometry is made of what is only measured."""

from spatial.parcels.block import Block, block_of
from spatial.parcels.source import BLOCK_ROWS, Source, open_source

__all__ = ["BLOCK_ROWS", "Block", "Source", "block_of", "open_source"]

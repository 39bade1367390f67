"""Verdicts as bytes: of one request, with their receipts, with or without their sentences."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import orjson

from spatial.notes import Note
from zoning import explain, headline
from zoning.register import Receipt

__all__ = ["Judged", "explained", "name_of"]


@dataclass(frozen=True, slots=True)
class Judged:
    """Verdicts of one request, and their receipts once they are safe on the disk."""

    verdicts: list[bytes]
    single: bool
    notes: tuple[Note, ...] = ()
    pending: Future[list[Receipt]] | None = None

    def body(self, receipts: Sequence[Receipt] = (), explain_in: str | None = None) -> bytes:
        """Return what is sent: of a request known already, the answer of the first time.

        With a language in `explain_in` each verdict comes with its headline and sentences.
        """
        answers = [receipt.answer for receipt in receipts] or self.verdicts
        if explain_in is not None:
            answers = [explained(answer, explain_in) for answer in answers]
        return answers[0] if self.single else b"[" + b",\n".join(answers) + b"]\n"


def name_of(verdict: bytes) -> str:
    """Return which of the six verdicts it is."""
    return verdict.partition(b'"verdict":"')[2].partition(b'"')[0].decode()


def explained(verdict: bytes, language: str) -> bytes:
    """Put the sentences before the verdict, whose bytes stay as they are."""
    content = orjson.loads(verdict)
    words = orjson.dumps(
        {"headline": headline(content, language), "sentences": explain(content, language)}
    )
    return words[:-1] + b',"verdict":' + verdict + b"}"

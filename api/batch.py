"""Many applications as lines of a stream: each line leaves with a verdict or with its reason.

Lines are judged in small groups, so that the first answers arrive while the last lines are
still being sent, and nothing of the stream is kept.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import orjson

from api.applications import read_line
from api.errors import problem
from api.judged import explained
from api.service import Service
from spatial.errors import EngineError, LimitError, TimeLimitError
from zoning.permit import Permit
from zoning.permits import Permits
from zoning.register import Receipt

__all__ = ["GROUP", "BatchJudge", "Line"]

log = logging.getLogger("tataruang.batch")

#: How many lines are judged together.
GROUP: Final = 64
#: After so many heavy geometries stopped at the time limit, a stream has no more of them judged.
MOST_STOPPED: Final = 3

Line = tuple[int, bytes]
#: What the register will say; None where nothing is recorded.
Pending = Future[list[Receipt]] | None


@dataclass
class BatchJudge:
    """Judge the lines of one stream.

    Parameters
    ----------
    service : Service
    on, plan, explain_in
        As for single applications.
    language : {"id", "en"}
        Of the faults.
    record : bool
        Put each verdict on record before its line is answered.
    key : str, optional
        Of the stream: each line has its own, from this and its number.
    """

    service: Service
    on: date | None = None
    plan: str | None = None
    explain_in: str | None = None
    language: str = "id"
    record: bool = False
    key: str | None = None
    judged: int = 0
    refused: int = 0
    _stopped: int = 0
    _answers: dict[int, bytes] = field(default_factory=dict)

    def judge(self, lines: list[Line]) -> bytes:
        """Judge lines; return one line of JSON for each, in the order given."""
        self._answers = {}
        by_crs: dict[str, list[tuple[int, Permit]]] = defaultdict(list)
        for number, raw in lines:
            try:
                permit, crs = read_line(raw, number, self.service.extent)
                by_crs[crs].append((number, permit))
            except EngineError as error:
                self._refuse(number, error)
        for crs, rows in by_crs.items():
            self._judge_rows(rows, crs)
        return b"".join(self._answers[number] for number, _ in lines)

    def summary(self) -> bytes:
        """Return the last line: a stream that ends without it was cut off."""
        counts = {"lines": self.judged + self.refused, "judged": self.judged}
        return orjson.dumps({"done": counts | {"refused": self.refused}}) + b"\n"

    def refuse_stream(self, number: int, error: EngineError) -> bytes:
        """Return the line for a fault that ends the stream."""
        self._refuse(number, error)
        return self._answers[number]

    def _judge_rows(self, rows: list[tuple[int, Permit]], crs: str) -> None:
        heavy = {one[0]: one for one in rows if self.service.is_heavy(Permits((one[1],), crs))}
        light = [one for one in rows if one[0] not in heavy]
        if light:
            self._judge_together(light, crs)
        for one in heavy.values():
            self._judge_heavy(one, crs)

    def _judge_together(self, rows: list[tuple[int, Permit]], crs: str) -> None:
        try:
            permits = Permits(tuple(permit for _, permit in rows), crs)
            verdicts = self.service.judge(permits, self.on, self.plan)
        except EngineError as error:
            for number, _ in rows:
                self._refuse(number, error)
        except Exception:
            # One application must not cost the others their answer: halve until it is alone.
            if len(rows) == 1:
                log.exception("line %s cannot be judged", rows[0][0])
                self._refuse(
                    rows[0][0],
                    EngineError("a fault of the service; it is in its log", code="fault"),
                )
                return
            half = len(rows) // 2
            self._judge_together(rows[:half], crs)
            self._judge_together(rows[half:], crs)
        else:
            self._answer(rows, crs, verdicts)

    def _judge_heavy(self, one: tuple[int, Permit], crs: str) -> None:
        if self._stopped >= MOST_STOPPED:
            self._refuse(
                one[0],
                LimitError(
                    "{count} geometries of this stream were stopped at the time limit already",
                    code="batch_heavy_stopped",
                    hint="Send this application by itself",
                    count=self._stopped,
                ),
            )
            return
        self._judge_together([one], crs)

    def _answer(self, rows: list[tuple[int, Permit]], crs: str, verdicts: Sequence[bytes]) -> None:
        """Answer lines that were judged, once they are safe on the disk where they are recorded."""
        waiting: list[tuple[int, bytes, Pending]] = []
        for (number, permit), verdict in zip(rows, verdicts, strict=True):
            try:
                pending = self._submit(number, Permits((permit,), crs), verdict)
            except EngineError as error:
                self._refuse(number, error)
            else:
                waiting.append((number, verdict, pending))
        for number, verdict, pending in waiting:
            try:
                receipts = pending.result() if pending else []
            except EngineError as error:
                self._refuse(number, error)
            else:
                self._accept(number, verdict, receipts)

    def _submit(self, number: int, permits: Permits, verdict: bytes) -> Pending:
        if not self.record:
            return None
        key = None if self.key is None else f"{self.key}:{number}"
        return self.service.submit(permits, [verdict], self.on, self.plan, key)

    def _accept(self, number: int, verdict: bytes, receipts: Sequence[Receipt]) -> None:
        self.judged += 1
        told = b""
        for receipt in receipts:
            # Of a line that was known already, the answer of the first time.
            verdict = receipt.answer
            known = {"id": receipt.id, "check_code": receipt.check_code}
            told = b',"record":' + orjson.dumps(known | {"repeated": receipt.repeated})
        content = verdict if self.explain_in is None else explained(verdict, self.explain_in)
        self._answers[number] = b'{"line":%d,"verdict":%b%b}\n' % (number, content, told)

    def _refuse(self, number: int, error: EngineError) -> None:
        self.refused += 1
        self._stopped += isinstance(error, TimeLimitError)
        _, _, body = problem(error, language=self.language)
        self._answers[number] = b'{"line":%d,"problem":%b}\n' % (number, body)

"""The record: no alteration goes unseen, nothing acknowledged is lost, all is judged again."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely

sys.path.insert(0, str(Path(__file__).parent))
import d1_workspace
from case_runner import frame_of
from typer.testing import CliRunner

from api import cli
from api.engine import Engine
from api.verdict_files import verdict_bytes
from layers.store import open_store
from layers.workspace import Workspace
from spatial.errors import CorruptError, LayerNotFoundError, PermitError, PlanError, StoreError
from zoning.permits import permits_of
from zoning.register import Draft, Head, Recorder, Register, Scribe
from zoning.register.request import frame_of as frame_of_request
from zoning.register.request import request_of

ROOT = Path(__file__).resolve().parents[2]


def scribe_of(register: Register) -> Scribe:
    register.close()
    return Scribe(lambda: Register(register.folder))


WRITERS = [
    Recorder,
    pytest.param(
        scribe_of, marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="cannot fork")
    ),
]


def draft(number: int, key: str | None = None, permit: str | None = None) -> Draft:
    name = permit or f"P-{number}"
    return Draft(
        name, f'{{"n":{number}}}'.encode(), f'{{"verdict":"SESUAI","n":{number}}}'.encode(), key
    )


@pytest.fixture
def register(tmp_path: Path) -> Register:
    found = Register(tmp_path / "register")
    found.append([draft(number) for number in range(1, 11)])
    return found


def attack(register: Register, *statements: str) -> None:
    """Change the file as somebody with a database tool would."""
    register.close()
    with sqlite3.connect(register.path) as db:
        db.execute("DROP TRIGGER decisions_stay")
        db.execute("DROP TRIGGER decisions_remain")
        for statement in statements:
            db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    ("attacked", "said"),
    [
        ("SET entry = replace(entry, 'SESUAI', 'TIDAK_')", "entry 4 was changed"),
        ("SET entry = 'no json'", "entry 4 was changed"),
        ("SET answer = x'00'", "entry 4: its answer was changed"),
        ("SET request = (SELECT request FROM decisions WHERE seq = 5)", "its request was changed"),
        ("SET permit_id = 'P-99'", "entry 4: its number or key was changed"),
        ("SET previous = hash", "entry 4 does not follow entry 3"),
    ],
)
def test_an_edit_is_seen(register: Register, attacked: str, said: str) -> None:
    assert register.faults() == []
    attack(register, " ".join(["UPDATE decisions", attacked, "WHERE seq = 4"]))
    assert any(said in str(fault) for fault in register.faults())


@pytest.mark.parametrize(
    ("statement", "missing"),
    [("DELETE FROM decisions WHERE seq = 4", 4), ("DELETE FROM decisions WHERE seq <= 2", 1)],
)
def test_a_deletion_is_seen(register: Register, statement: str, missing: int) -> None:
    attack(register, statement)
    assert f"entry {missing} is missing" in map(str, register.faults())


def test_a_change_of_order_is_seen(register: Register) -> None:
    attack(
        register,
        "UPDATE decisions SET seq = 100 WHERE seq = 4",
        "UPDATE decisions SET seq = 4 WHERE seq = 5",
        "UPDATE decisions SET seq = 5 WHERE seq = 100",
    )
    assert "entry 4 does not follow entry 3" in map(str, register.faults())


def test_a_cut_at_the_end_is_seen_against_an_exported_head(register: Register) -> None:
    head = register.head()
    attack(register, "DELETE FROM decisions WHERE seq > 7")
    assert register.faults() == []
    [cut] = register.faults(head)
    assert str(cut) == "the register no longer holds entry 10 of the exported head"
    # What is appended after the cut does not hide it either.
    register.append([draft(number) for number in range(20, 24)])
    assert register.faults(head) != []


def test_a_register_written_anew_is_seen_against_an_exported_head(
    register: Register, tmp_path: Path
) -> None:
    other = Register(tmp_path / "forged")
    other.append([draft(number) for number in range(1, 10)] + [draft(11)])
    assert other.faults() == []
    assert other.faults(register.head()) != []
    assert register.faults(Head(0, "0" * 64)) == []


def test_the_table_itself_refuses_to_change(register: Register) -> None:
    register.close()
    with sqlite3.connect(register.path) as db:
        for statement in ("UPDATE decisions SET permit_id = 'x'", "DELETE FROM decisions"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(statement)
    db.close()


def test_what_was_changed_is_not_handed_out(register: Register) -> None:
    name = register.decisions()[3].id
    attack(register, "UPDATE decisions SET answer = x'00' WHERE seq = 4")
    with pytest.raises(CorruptError, match="its answer was changed"):
        register.get(name)


def test_a_letter_is_verified_by_its_code(register: Register) -> None:
    [decision] = register.decisions(after=2, limit=1)
    assert register.with_code(decision.check_code.lower()) == decision
    assert register.with_code(decision.check_code.replace("-", "")) == decision
    assert register.with_code("00000-00000") is None
    with pytest.raises(LayerNotFoundError, match="no decision"):
        register.get("2026-999999")


def test_the_same_key_records_once_and_answers_as_the_first_time(register: Register) -> None:
    [first] = register.append([draft(50, "k")])
    [again] = register.append([Draft("P-50", b'{"n":50}', b'{"verdict":"TIDAK_SESUAI"}', "k")])
    assert (again.id, again.answer, again.repeated) == (first.id, first.answer, True)
    assert register.head().seq == 11
    found = register.find("k")
    assert found is not None
    assert found.answer == first.answer


def test_a_key_of_another_application_is_refused_whole(register: Register) -> None:
    register.append([draft(50, "k")])
    with pytest.raises(PermitError, match="used before for another application") as caught:
        register.append([draft(60), draft(61, "k")])
    assert caught.value.code == "register_key_reused"
    with pytest.raises(PermitError):
        register.append([draft(70, "new"), draft(71, "new")])
    assert register.head().seq == 11
    with pytest.raises(PermitError, match="1 to 200 characters"):
        draft(1, "")


@pytest.mark.parametrize("write", WRITERS)
def test_one_refused_submission_spoils_no_other(
    register: Register, write: Callable[[Register], Recorder | Scribe]
) -> None:
    register.append([draft(50, "k")])
    recorder = write(register)
    good, bad = recorder.submit([draft(80)]), recorder.submit([draft(81, "k")])
    also = recorder.submit([draft(82, "z"), draft(82, "z")])
    assert good.result(10)[0].seq == 12
    with pytest.raises(PermitError, match="used before for another application") as caught:
        bad.result(10)
    assert (caught.value.code, caught.value.details) == ("register_key_reused", {"key": "k"})
    assert [one.repeated for one in also.result(10)] == [False, True]
    recorder.close()
    with pytest.raises(StoreError, match="closed"):
        recorder.submit([draft(90)])


@pytest.mark.parametrize("write", WRITERS)
def test_many_threads_share_transactions_and_lose_nothing(
    tmp_path: Path, write: Callable[[Register], Recorder | Scribe]
) -> None:
    register = Register(tmp_path)
    recorder = write(register)
    seen: list[str] = []

    def work(first: int) -> None:
        seen.extend(
            recorder.submit([draft(number, f"k{number}")]).result(30)[0].id
            for number in range(first, first + 100)
        )

    threads = [threading.Thread(target=work, args=(i * 100,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.close()
    assert sorted(seen) == [one.id for one in register.decisions()]
    assert len(seen) == 800
    assert register.faults() == []


def test_both_ways_of_writing_leave_the_same_and_repeat_the_first_answer(tmp_path: Path) -> None:
    told = []
    for name, write in (("thread", Recorder), ("process", scribe_of)):
        recorder = write(Register(tmp_path / name))
        first = recorder.submit([draft(1), draft(2, "k")]).result(10)
        again = recorder.submit([Draft("P-2", b'{"n":2}', b'{"verdict":"X"}', "k")]).result(10)
        recorder.close()
        assert again[0].answer == first[1].answer
        kept = Register(tmp_path / name).decisions()
        assert [one.hash for one in kept] == [one.hash for one in first]
        told.append([(one.request, one.answer, one.entry["verdict"]) for one in kept])
    assert told[0] == told[1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="cannot fork")
def test_where_the_process_that_writes_is_lost_a_thread_takes_over(register: Register) -> None:
    scribe = scribe_of(register)
    assert scribe.submit([draft(80)]).result(10)[0].seq == 11
    os.kill(scribe.process, signal.SIGSTOP)
    waits = scribe.submit([draft(81)])
    os.kill(scribe.process, signal.SIGKILL)
    with pytest.raises(StoreError, match="Idempotency-Key") as caught:
        waits.result(10)
    assert caught.value.code == "register_writer_lost"
    assert scribe.submit([draft(82)]).result(10)[0].seq == 12
    scribe.close()
    idle = scribe_of(register)
    os.kill(idle.process, signal.SIGKILL)
    os.waitpid(idle.process, 0)
    # Nothing waited for it, so nothing is refused.
    assert idle.submit([draft(83)]).result(10)[0].seq == 13
    idle.close()
    assert register.faults() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="cannot fork")
def test_a_register_that_cannot_be_opened_refuses_each(tmp_path: Path) -> None:
    def broken() -> Register:
        raise PlanError("the plan {plan} changed", code="plan_changed", plan="rdtr")

    scribe = Scribe(broken)
    for _ in range(2):
        with pytest.raises(PlanError, match="the plan rdtr changed"):
            scribe.submit([draft(1)]).result(10)
    scribe.close()
    with pytest.raises(StoreError, match="closed"):
        scribe.submit([draft(2)])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="cannot fork")
def test_nobody_hangs_where_the_writer_is_lost_and_the_register_cannot_be_opened(
    tmp_path: Path,
) -> None:
    parent = os.getpid()

    def opened() -> Register:
        if os.getpid() == parent:
            raise PlanError("the plan {plan} changed", code="plan_changed", plan="rdtr")
        return Register(tmp_path)

    scribe = Scribe(opened)
    assert scribe.submit([draft(1)]).result(10)[0].seq == 1
    os.kill(scribe.process, signal.SIGSTOP)
    waits = scribe.submit([draft(2)])
    os.kill(scribe.process, signal.SIGKILL)
    with pytest.raises(StoreError, match="Idempotency-Key"):
        waits.result(10)
    for _ in range(2):
        with pytest.raises(PlanError, match="the plan rdtr changed"):
            scribe.submit([draft(3)])
    scribe.close()


WRITER = """
import sys
from pathlib import Path
from zoning.register import Draft, Recorder, Register, Scribe
folder = Path(sys.argv[1])
if sys.argv[3] == "thread":
    recorder = Recorder(Register(folder))
else:
    recorder = Scribe(lambda: Register(folder))
number = int(sys.argv[2])
while True:
    number += 1
    drafts = [Draft(f"P-{number}", b"{}", b'{"verdict":"SESUAI"}') for _ in range(3)]
    for receipt in recorder.submit(drafts).result():
        print(receipt.id, receipt.hash, flush=True)
"""


@pytest.mark.parametrize("way", ["thread", "process"])
def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path, way: str) -> None:
    acknowledged: dict[str, str] = {}
    for start, seconds in enumerate((0.05, 0.13, 0.29, 0.37)):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(start * 10_000), way],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert writer.stdout is not None
        lines = [writer.stdout.readline()]
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            lines.append(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        lines += writer.stdout.read().splitlines(keepends=True)
        writer.wait()
        writer.stdout.close()
        acknowledged |= dict(line.split() for line in lines if line.endswith("\n"))
    kept = {one.id: one.hash for one in Register(tmp_path).decisions()}
    assert len(acknowledged) > 50
    assert acknowledged.items() <= kept.items()
    assert Register(tmp_path).faults() == []


def test_an_application_comes_back_from_its_record_as_it_was() -> None:
    frame = d1_workspace.permits(60)
    for number, permit in enumerate(permits_of(frame)):
        request = json.loads(request_of(permit, "EPSG:32749", {"on": None}))
        [back] = permits_of(frame_of_request(request))
        assert back == permit, number


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """200 decisions, after which layers, rules and a layer's presence were changed."""
    folder = d1_workspace.make(tmp_path_factory.mktemp("w") / "uji")
    engine = Engine.open(folder)
    permits = d1_workspace.permits(200)
    answers = [verdict_bytes(verdict.to_dict()) for verdict in engine.check(permits)]
    receipts = engine.record(permits, answers)
    store = open_store(Workspace.open(folder))
    everywhere = shapely.box(549_600, 9_260_400, 550_100, 9_260_800).wkt
    store.publish(frame_of([{"geometri": everywhere, "zona": "HL"}], ["zona"]), name="zona_d1")
    store.publish(frame_of([{"geometri": everywhere}], []), name="lp2b")
    rules = folder / "plans" / "D1" / "itbx.csv"
    rules.write_text(rules.read_text(encoding="utf-8").replace(",I,", ",X,"), encoding="utf-8")
    return folder, [receipt.id for receipt in receipts]


def test_every_decision_is_replayed_to_the_byte(recorded: tuple[Path, list[str]]) -> None:
    folder, names = recorded
    engine = Engine.open(folder)
    changed = engine.check(d1_workspace.permits(200))
    assert {one.verdict for one in changed} != {"SESUAI"}
    results = [engine.replay(name) for name in names]
    assert [one.to_dict() for one in results if not one.same] == []
    assert len(results) == 200
    verdicts = {one.decision.entry["verdict"] for one in results}
    assert len(verdicts) >= 4, "the decisions should not all be alike"


def test_a_replay_that_differs_says_what(recorded: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, names = recorded
    engine = Engine.open(folder)
    decision = engine.register.get(names[0])
    version = decision.entry["layers"]["zona_d1"]
    data = folder / "store" / "versions" / version / "data.parquet"
    whole = data.read_bytes()
    try:
        data.write_bytes(whole[:-1] + b"?")
        result = Engine.open(folder).replay(names[0])
    finally:
        data.write_bytes(whole)
    assert not result.same
    assert any(
        one.path.startswith("/verdict") or "layers" in one.path for one in result.differences
    )


def test_an_upgrade_is_named(
    recorded: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, names = recorded
    monkeypatch.setattr("zoning.judge.ENGINE", "tataruang 99")
    monkeypatch.setattr("zoning.register.replaying.ENGINE", "tataruang 99")
    result = Engine.open(folder).replay(names[3])
    assert [note.code for note in result.causes] == ["engine_differs"]
    assert [one.path for one in result.differences] == ["/evidence/engine"]


def test_rules_edited_under_a_running_engine_are_not_recorded(tmp_path: Path) -> None:
    folder = d1_workspace.make(tmp_path / "uji")
    engine = Engine.open(folder)
    with (folder / "plans" / "D1" / "plan.toml").open("a", encoding="utf-8") as file:
        file.write("\n# diubah\n")
    with pytest.raises(PlanError, match="changed since they were loaded"):
        _ = engine.register


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli._app_for(list(words)), list(words))
    return result.exit_code, result.output


@pytest.fixture
def spoil() -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        attack(Register(folder / "register"), "DELETE FROM decisions WHERE seq > 3")

    return change


def test_the_commands(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    folder = d1_workspace.make(tmp_path / "uji")
    engine = Engine.open(folder)
    permits = d1_workspace.permits(5)
    answers = [verdict_bytes(verdict.to_dict()) for verdict in engine.check(permits)]
    names = [one.id for one in engine.record(permits, answers)]
    head = tmp_path / "kepala.json"
    assert run("register", "export-head", "-w", str(folder), "-o", str(head))[0] == 0
    code, said = run("register", "verify", "-w", str(folder), "--head", str(head))
    assert (code, "5 keputusan utuh" in said) == (0, True)
    code, said = run("register", "list", "-w", str(folder), "--json")
    assert [entry["id"] for entry in json.loads(said)] == names
    code, said = run("replay", names[2], "-w", str(folder))
    assert (code, "bita demi bita" in said) == (0, True)
    spoil(folder)
    code, said = run("register", "verify", "-w", str(folder), "--head", str(head))
    assert code == 1
    assert "tidak lagi memuat keputusan 5" in said

"""Webhooks: a real server is told, signed and in time; nobody else can be made to be told."""

from __future__ import annotations

import datetime
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi.testclient import TestClient

from api.access.keys import Keys
from api.app import create_app
from api.commands.keys import webhook
from api.errors import RequestError
from api.service import Service
from api.settings import ServeSettings
from api.webhooks.address import Receiver, Rules, resolve
from api.webhooks.delivery import Message, attempt, post
from api.webhooks.outbox import FILE, LEASE_S, PAUSES_S, Outbox
from api.webhooks.signature import REPLAY_S, Master, verify
from spatial.errors import SecurityError

SECRET = "whsec_" + "A" * 44
NOWHERE = "0.0.0.0"  # noqa: S104  nothing is bound to it


class Office(ThreadingHTTPServer):
    """A permit system that takes webhooks: it keeps what it got, and answers as it was told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Desk)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []

    def wait(self, count: int) -> list[tuple[str, dict[str, str], bytes]]:
        for _ in range(200):
            if len(self.got) >= count:
                return self.got
            time.sleep(0.05)
        raise AssertionError(self.got)


class Desk(BaseHTTPRequestHandler):
    server: Office

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        head = {name.lower(): value for name, value in self.headers.items()}
        self.server.got.append((self.path, head, body))
        status = self.server.answers.pop(0) if self.server.answers else 204
        self.send_response(status)
        if status in (301, 302, 307):
            self.send_header("location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def office() -> Iterator[Office]:
    server = Office()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def client_of(fake: Any, office: Office, folder: Path, **more: Any) -> TestClient:
    here = f"127.0.0.1:{office.server_port}"
    told = {"webhook_hosts": (here,), "webhook_private": True} | more
    settings = ServeSettings(state_folder=folder, **told)
    app = create_app(lambda: Service(fake(), settings), settings)
    return TestClient(app, client=("127.0.0.1", 4000))


def started(client: TestClient) -> TestClient:
    while client.get("/readyz").status_code != 200:
        time.sleep(0.02)
    return client


def run(client: TestClient, permit: Any, subscriber: Any, prefer: str = "respond-async") -> Any:
    body = {"inputs": {"applications": permit}, "subscriber": subscriber}
    path = "/ogc/processes/zoning-conformity/execution"
    return client.post(path, json=body, headers={"prefer": prefer})


def test_a_permit_system_is_told_when_its_job_has_ended(
    fake: Any, office: Office, tmp_path: Path, permit: Any
) -> None:
    here = f"http://127.0.0.1:{office.server_port}"
    with client_of(fake, office, tmp_path) as client:
        started(client)
        told = {"successUri": f"{here}/ok?id=7", "inProgressUri": f"{here}/jalan"}
        accepted = run(client, permit, told)
        assert accepted.status_code == 201, accepted.text
        got = {path: (head, body) for path, head, body in office.wait(2)}
        head, body = got["/ok?id=7"]
        results = client.get(accepted.headers["location"] + "/results")
        assert json.loads(body) == results.json()
        assert head["tataruang-event"] == "job.successful"
        assert accepted.headers["location"].endswith(head["tataruang-job"])
        assert json.loads(got["/jalan"][1])["status"] == "running"
        secret = Master(tmp_path).secret_of("127.0.0.1")
        stamp = int(head["webhook-timestamp"])
        signature, name = head["webhook-signature"], head["webhook-id"]
        assert verify(secret, name, stamp, body, signature, time.time())
        # Whoever changes a word, the time or the id, or knows another's secret, is found out.
        other = Master(tmp_path).secret_of("another")
        assert not verify(secret, name, stamp, body + b" ", signature, time.time())
        assert not verify(secret, name, stamp + 1, body, signature, time.time())
        assert not verify(secret, "x", stamp, body, signature, time.time())
        assert not verify(other, name, stamp, body, signature, time.time())
        assert not verify(secret, name, stamp, body, signature, time.time() + REPLAY_S + 1)


def test_a_job_that_failed_is_told_with_its_problem(
    fake: Any, office: Office, tmp_path: Path, permit: Any
) -> None:
    here = f"http://127.0.0.1:{office.server_port}"
    permit["geometry"] = None
    with client_of(fake, office, tmp_path) as client:
        run(started(client), permit, {"successUri": f"{here}/ok", "failedUri": f"{here}/gagal"})
        [(path, head, body)] = office.wait(1)
    assert (path, head["tataruang-event"]) == ("/gagal", "job.failed")
    assert json.loads(body)["code"] == "feature_no_geometry"


def message(office: Office, path: str = "/", host: str = "127.0.0.1") -> Message:
    port = office.server_port
    receiver = Receiver(f"http://{host}:{port}{path}", "http", host, port, path)
    return Message("n", receiver, "job.successful", "j", b"{}", SECRET)


PRIVATE = Rules((), private=True)


class Hours:
    """A clock that is put forward to whatever is due next."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def carry(outbox: Outbox, office: Office, clock: Hours) -> list[float]:
    """Carry what waits as a courier does until nothing waits; return the pauses it took."""
    here = f"127.0.0.1:{office.server_port}"
    pauses: list[float] = []
    while waiting := [one for one in outbox.all() if one.state == "waiting"]:
        if waiting[0].attempts:
            pauses.append(waiting[0].due - clock.now)
        clock.now = max(clock.now, waiting[0].due)
        held = outbox.claim()
        assert held is not None
        told = Message(
            held.id, Receiver.read(held.url, Rules((here,), private=True)), held.event, held.job,
            held.body or b"", SECRET,
        )  # fmt: skip
        assert outbox.settle(held, *attempt(told, PRIVATE))
    return pauses


@pytest.fixture
def clock() -> Hours:
    return Hours()


@pytest.fixture
def outbox(tmp_path: Path, clock: Hours, office: Office) -> Outbox:
    made = Outbox(tmp_path / "jobs.sqlite", clock=clock)
    made.add("oss", "j", "job.successful", f"http://127.0.0.1:{office.server_port}/?t=1", b"{}")
    # Put there at the time of day; the clock of the test begins in 1970.
    clock.now = made.all()[0].due
    return made


def test_it_is_sent_again_further_apart_with_one_id_until_it_is_taken(
    office: Office, outbox: Outbox, clock: Hours
) -> None:
    office.answers = [500, 302, 200]
    pauses = carry(outbox, office, clock)
    assert [path for path, _, _ in office.got] == ["/?t=1"] * 3  # a redirect is not followed
    assert len({head["webhook-id"] for _, head, _ in office.got}) == 1
    assert len(pauses) == 2
    for pause, planned in zip(pauses, PAUSES_S, strict=False):
        assert 0.8 * planned <= pause <= 1.2 * planned
    [told] = outbox.all()
    assert (told.state, told.said, told.body, told.attempts) == ("delivered", "200", None, 3)


def test_it_is_dead_in_the_end_and_listed_until_the_operator_sends_it_again(
    office: Office, outbox: Outbox, clock: Hours
) -> None:
    office.answers = [503] * 20
    carry(outbox, office, clock)
    [dead] = outbox.all()
    assert (dead.state, dead.said, dead.attempts) == ("dead", "503", len(PAUSES_S) + 1)
    assert outbox.counts() == {"waiting": 0, "dead": 1}
    office.answers = []
    assert outbox.again(dead.id)
    assert not outbox.again("another")
    carry(outbox, office, clock)
    assert office.got[-1][1]["webhook-id"] == dead.id
    assert outbox.counts() == {"waiting": 0, "dead": 0}


def test_it_is_given_up_at_once_where_nobody_wants_it(
    office: Office, outbox: Outbox, clock: Hours
) -> None:
    office.answers = [410]
    assert carry(outbox, office, clock) == []
    assert outbox.all()[0].state == "dead"


def test_one_worker_of_several_holds_a_message_and_one_that_died_lets_go(
    outbox: Outbox, clock: Hours
) -> None:
    held = outbox.claim()
    assert held is not None
    assert outbox.claim() is None
    clock.now += LEASE_S + 1  # whoever held it is gone
    again = outbox.claim()
    assert again is not None
    assert (again.id, again.attempts) == (held.id, 2)
    # The first was only slow: what it says counts no more, the second's does.
    assert not outbox.settle(held, "refused", "410")
    assert outbox.settle(again, "delivered", "204")
    assert outbox.all()[0].state == "delivered"


def test_of_many_who_ask_at_once_each_message_goes_to_one(outbox: Outbox, clock: Hours) -> None:
    for number in range(30):
        outbox.add(f"caller {number}", "j", "job.successful", "http://127.0.0.1/", b"{}")
    clock.now += 3_600
    taken: list[str] = []

    def ask() -> None:
        misses = 0
        while misses < 20:
            held = outbox.claim()
            misses = misses + 1 if held is None else 0
            if held is not None:
                taken.append(held.id)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(one.id for one in outbox.all())


def test_a_slow_receiver_holds_nobody_else_up(outbox: Outbox, clock: Hours) -> None:
    for _ in range(5):
        outbox.add("oss", "j", "job.successful", "http://127.0.0.1/", b"{}")
    outbox.add("simbg", "j", "job.successful", "http://127.0.0.1/", b"{}")
    clock.now += 3_600
    owners = []
    while (held := outbox.claim()) is not None:
        owners.append(held.owner)
    assert owners == ["oss", "oss", "simbg"]


def test_what_waits_for_a_revoked_key_is_not_sent(outbox: Outbox) -> None:
    assert outbox.withdraw("oss") == 1
    assert outbox.claim() is None
    assert outbox.all()[0].said == "the key was revoked"


def test_nothing_secret_is_logged(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    office.answers = [500, 200]
    for _ in range(2):
        attempt(message(office, "/?token=rahasia"), PRIVATE)
    text = caplog.text
    assert "127.0.0.1" in text
    for secret in (SECRET, "rahasia", *(head["webhook-signature"] for _, head, _ in office.got)):
        assert secret not in text


LISTED = Rules(("oss.example", "oss.example:8443", "127.0.0.1", "[::1]"), private=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://oss.example/", "ftp://oss.example/", "file:///etc/passwd", "https://evil.example/",
        "https://oss.example.evil.example/", "https://oss.example:22/", "https://oss.example:x/",
        "https://oss.example@evil.example/", "https://u:p@oss.example/", "https://oss.example/#a",
        "https://oss.example\\@evil.example/", "https://oss.example/\r\nx: y",
        "https://oss.example /",
        "//oss.example/", "oss.example", "", "https://", "https://oss.example/" + "x" * 500,
        "https://óss.example/", "https://[::1", 7, None, ["https://oss.example/"],
    ],
)  # fmt: skip
def test_addresses_that_are_not_told(url: Any) -> None:
    with pytest.raises(RequestError, match="nothing is sent"):
        Receiver.read(url, LISTED)


def test_addresses_that_are_told() -> None:
    for url in ("https://OSS.example/a", "https://oss.example:443/", "https://oss.example:8443/"):
        assert Receiver.read(url, LISTED).host == "oss.example"


def answers(*addresses: str) -> Any:
    return lambda host, port, **_: [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses
    ]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        NOWHERE, "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fe80::1%eth0", "fc00::1",
        "ff02::1", "::", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2", "198.18.0.1", "240.0.0.1", "192.0.2.1",
        "64:ff9b::7f00:1", "::127.0.0.1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_dialled(address: str) -> None:
    receiver = Receiver.read("https://oss.example/", LISTED)
    with pytest.raises(SecurityError, match="not dialled"):
        resolve(receiver, LISTED, answers(address))
    # One good address among several does not help: the next answer might be the other.
    with pytest.raises(SecurityError, match="not dialled"):
        resolve(receiver, LISTED, answers("93.184.216.34", address))


def test_the_network_of_the_office_is_dialled_where_allowed_but_never_the_link() -> None:
    receiver = Receiver.read("https://oss.example/", LISTED)
    assert resolve(receiver, LISTED, answers("93.184.216.34")) == "93.184.216.34"
    inside = Rules(LISTED.hosts, private=True)
    for address in ("192.168.1.1", "10.0.0.8", "127.0.0.1", "fc00::1"):
        assert resolve(receiver, inside, answers(address)) == address
    for address in ("169.254.169.254", "fe80::1", NOWHERE, "::ffff:169.254.169.254"):
        with pytest.raises(SecurityError):
            resolve(receiver, inside, answers(address))


def test_a_name_is_asked_once_and_the_address_that_was_checked_is_dialled(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that answers with another address the second time gains nothing."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: str, port: int, *args: Any, **named: Any) -> Any:
        if host != "oss.example":
            return real(host, port, *args, **named)
        asked.append(host)
        return answers("127.0.0.1" if len(asked) == 1 else "169.254.169.254")(host, port)

    # The default of `resolve` was bound before; a request asks as production does.
    monkeypatch.setattr(resolve, "__defaults__", (rebinding,))
    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert post(message(office, host="oss.example"), PRIVATE, 1) == 204
    assert asked == ["oss.example"]
    [(_, head, _)] = office.got
    assert head["host"] == f"oss.example:{office.server_port}"


def certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(named).issuer_name(named).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(("name", "fits"), [("oss.example", True), ("evil.example", False)])
def test_a_certificate_must_be_of_the_name_though_an_address_is_dialled(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, fits: bool
) -> None:
    path = certificate(tmp_path, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    office.socket = context.wrap_socket(office.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    monkeypatch.setattr(resolve, "__defaults__", (answers("127.0.0.1"),))
    port = office.server_port
    receiver = Receiver("-", "https", "oss.example", port, "/aman")
    told = Message("n", receiver, "job.successful", "j", b"{}", SECRET)
    if fits:
        assert post(told, PRIVATE, 1) == 204
        return
    with pytest.raises(ssl.SSLCertVerificationError):
        post(told, PRIVATE, 1)
    assert office.got == []


GOOD = "https://oss.example/"


@pytest.mark.parametrize(
    ("subscriber", "prefer", "code"),
    [
        ({"successUri": GOOD}, "respond-sync", "webhook_subscriber"),
        ({"failedUri": GOOD}, "respond-async", "webhook_subscriber"),
        ({}, "respond-async", "webhook_subscriber"),
        ([GOOD], "respond-async", "webhook_subscriber"),
        ({"successUri": GOOD, "x": GOOD}, "respond-async", "webhook_subscriber"),
        ({"successUri": GOOD}, "respond-async", "webhook_address"),
        ({"successUri": "file:///etc/passwd"}, "respond-async", "webhook_address"),
    ],
)
def test_subscribers_that_are_refused_before_any_work(
    client: TestClient, permit: Any, subscriber: Any, prefer: str, code: str
) -> None:
    """A service that lists no host tells nobody."""
    before = len(client.get("/ogc/jobs").json()["jobs"])
    answer = run(client, permit, subscriber, prefer)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert len(client.get("/ogc/jobs").json()["jobs"]) == before


def test_where_keys_are_asked_for_nobody_unknown_makes_the_service_speak(
    fake: Any, office: Office, tmp_path: Path, permit: Any
) -> None:
    here = f"http://127.0.0.1:{office.server_port}/"
    with client_of(fake, office, tmp_path, access="keys") as client:
        answer = run(started(client), permit, {"successUri": here})
    assert (answer.status_code, answer.json()["code"]) == (401, "access_needs_key")
    assert office.got == []


def test_the_office_reads_the_secret_of_a_key_holder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from layers.workspace import Workspace

    place = Workspace.create(tmp_path / "ws", name="Uji")
    webhook("oss", place.folder)
    said = capsys.readouterr().out.strip()
    assert said == Master(place.folder / "service").secret_of("oss")
    assert (place.folder / "service" / "webhook.key").stat().st_mode & 0o077 == 0


def test_the_operator_lists_what_nobody_took_and_sends_it_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from api.cli import main
    from layers.workspace import Workspace

    place = Workspace.create(tmp_path / "ws", name="Uji")
    Keys(place.folder / "service" / "keys.json").add("oss", ["verifikator"])
    outbox = Outbox(place.folder / "service" / FILE)
    for path in ("?token=rahasia", "b"):
        outbox.add("oss", "7", "job.failed", f"https://oss.example/{path}", b"{}")
    held = outbox.claim()
    assert held is not None
    outbox.settle(held, "refused", "410")
    here = ["-w", str(place.folder)]
    assert main(["webhooks", "list", *here, "--dead", "--json"]) == 0
    text = capsys.readouterr().out
    [told] = json.loads(text)
    assert (told["id"], told["host"], told["said"]) == (held.id, "oss.example", "410")
    assert "rahasia" not in text
    assert main(["webhooks", "retry", held.id, *here]) == 0
    assert main(["webhooks", "retry", held.id, *here]) == 2
    assert main(["webhooks", "list", *here]) == 0
    assert capsys.readouterr().out.count("waiting") == 2
    assert main(["keys", "revoke", "oss", *here]) == 0
    assert "2" in capsys.readouterr().out
    assert outbox.counts() == {"waiting": 0, "dead": 2}

"""Staff at a browser: a key becomes a session; no other page, script or cache gains by it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.access.keys import Keys
from api.access.sessions import MOST, Sessions
from api.app import SIGN_INS_AT_ONCE, create_app
from api.service import Service
from api.settings import ServeSettings

SITE = "https://tataruang.example"
OURS = {"origin": SITE, "sec-fetch-site": "same-origin"}


class Office:
    def __init__(self, client: TestClient, keys: Keys, folder: Path) -> None:
        self.client, self.keys, self.folder = client, keys, folder
        self.key = keys.add("budi", ["verifikator"])

    def enter(self, key: str | None = None, head: Any = OURS, **fields: str) -> Any:
        form = {"kunci": self.key if key is None else key} | fields
        return self.client.post("/masuk", data=form, headers=head, follow_redirects=False)

    def who(self) -> Any:
        return self.client.get("/v1/session").json()


@pytest.fixture
def office(fake: Any, tmp_path: Path) -> Iterator[Office]:
    settings = ServeSettings(access="keys", state_folder=tmp_path)
    app = create_app(lambda: Service(fake(), settings), settings)
    with TestClient(app, base_url=SITE, client=("192.0.2.7", 4000)) as client:
        for _ in range(200):
            if client.get("/readyz").status_code == 200:
                break
        yield Office(client, Keys(tmp_path / "keys.json"), tmp_path)


def test_a_key_entered_once_signs_in_until_signed_out(office: Office) -> None:
    assert office.who()["known"] is False
    answer = office.enter(next="/ruang-operasi")
    assert (answer.status_code, answer.headers["location"]) == (303, "/ruang-operasi")
    kept = answer.headers["set-cookie"].lower()
    for wanted in ("__host-tataruang=", "httponly", "samesite=strict", "secure", "max-age=36000",
                   "path=/;"):  # fmt: skip
        assert wanted in kept, wanted
    assert "domain" not in kept
    assert office.key not in answer.headers["set-cookie"]
    seen = office.who()
    assert (seen["name"], seen["roles"]) == ("budi", ["verifikator"])
    assert "record" in seen["rights"]
    assert office.client.get("/v1/conformity/2026-000001").status_code == 404
    left = office.client.post("/keluar", headers=OURS, follow_redirects=False)
    assert (left.status_code, left.headers["clear-site-data"]) == (303, '"cache"')
    assert office.who()["known"] is False
    assert office.client.get("/v1/conformity/2026-000001").status_code == 401


def test_a_cookie_that_was_kept_opens_nothing_after_signing_out(office: Office) -> None:
    kept = office.enter().cookies["__Host-tataruang"]
    head = {"cookie": f"__Host-tataruang={kept}"}
    office.client.cookies.clear()
    assert office.client.get("/v1/session", headers=head).json()["known"]
    office.client.post("/keluar", headers=OURS | head)
    office.client.cookies.clear()
    assert not office.client.get("/v1/session", headers=head).json()["known"]


def test_over_http_the_cookie_has_another_name_and_neither_is_taken_for_the_other(
    office: Office,
) -> None:
    plain = {"origin": "http://tataruang.example"}
    at = "http://tataruang.example"
    answer = office.client.post(
        f"{at}/masuk", data={"kunci": office.key}, headers=plain, follow_redirects=False
    )
    assert answer.headers["set-cookie"].startswith("tataruang=")
    assert "secure" not in answer.headers["set-cookie"].lower()
    kept = answer.cookies["tataruang"]
    office.client.cookies.clear()
    head = {"cookie": f"tataruang={kept}"}
    assert office.client.get(f"{at}/v1/session", headers=head).json()["known"]
    assert not office.client.get("/v1/session", headers=head).json()["known"]


@pytest.mark.parametrize(
    "head",
    [
        {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": ""}, {},
        {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": SITE, "sec-fetch-site": "same-site"},
        {"origin": "https://tataruang.example.evil.example"},
        {"origin": "https://tataruang.example:8443"},
    ],
)  # fmt: skip
def test_another_page_changes_nothing_with_somebodys_session(
    office: Office, permit: dict[str, Any], head: dict[str, str]
) -> None:
    office.enter()
    for path in ("/v1/conformity", "/v1/conformity/batch", "/ogc/processes/x/execution"):
        answer = office.client.post(path, json=permit, headers=head)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site"), path
    assert office.client.post("/keluar", headers=head).json()["code"] == "cross_site"
    assert office.who()["known"], "nor signs somebody out"
    assert office.enter(head=head).json()["code"] == "cross_site", "nor in as somebody else"
    # A page of this service does; a program with a key of its own never needed a cookie.
    assert office.client.post("/v1/conformity?dry_run=true", json=permit, headers=OURS).is_success
    with_key = head | {"x-api-key": office.key}
    answer = office.client.post("/v1/conformity?dry_run=true", json=permit, headers=with_key)
    assert answer.is_success


def test_a_session_ends_with_its_key_and_by_itself(office: Office, tmp_path: Path) -> None:
    office.enter()
    assert office.keys.revoke("budi")
    assert not office.who()["known"]
    office.keys.add("budi", ["auditor"])
    assert not office.who()["known"], "another key of the same name is another key"
    clock = [1_000.0]
    sessions = Sessions(tmp_path / "s.sqlite", office.keys, 1.0, lambda: clock[0])
    token = sessions.begin(office.keys.add("ani", ["opd"]))
    assert sessions.caller(token) is not None
    clock[0] += 3_600
    assert sessions.caller(token) is None


def test_a_session_has_the_roles_of_its_key_now(office: Office) -> None:
    office.enter()
    path = office.folder / "keys.json"
    entries = json.loads(path.read_text())
    entries[0]["roles"] = ["opd"]
    path.write_text(json.dumps(entries, indent=2))
    assert office.who()["roles"] == ["opd"]


def test_neither_key_nor_cookie_is_kept_readable(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    token = office.enter().cookies["__Host-tataruang"]
    raw = b"".join(path.read_bytes() for path in office.folder.iterdir() if path.is_file())
    for secret in (token, office.key):
        assert secret.encode() not in raw
        assert secret not in caplog.text
    assert (office.folder / "sessions.sqlite").stat().st_mode & 0o077 == 0
    lines = [json.loads(one) for one in (office.folder / "audit.jsonl").read_text().splitlines()]
    assert [(one["path"], one["caller"]) for one in lines] == [("/masuk", "budi")]


def test_sessions_of_a_key_are_bounded(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys.json")
    key = keys.add("budi", ["opd"])
    moment = [0.0]
    sessions = Sessions(tmp_path / "s.sqlite", keys, 10, lambda: moment[0])
    tokens = []
    for _ in range(MOST + 3):
        moment[0] += 1
        tokens.append(sessions.begin(key))
    with sqlite3.connect(tmp_path / "s.sqlite") as base:
        assert base.execute("SELECT count(*) FROM sessions").fetchone()[0] == MOST
    assert sessions.caller(tokens[0]) is None
    assert sessions.caller(tokens[-1]) is not None


def test_keys_are_not_tried_out(office: Office) -> None:
    statuses = [office.enter(f"tr_{number}").status_code for number in range(SIGN_INS_AT_ONCE + 2)]
    assert statuses == [401] * SIGN_INS_AT_ONCE + [429] * 2
    answer = office.enter()
    assert answer.status_code == 429, "nor with the right one meanwhile"
    assert int(answer.headers["retry-after"]) >= 1
    assert "Tunggu" in answer.text


@pytest.mark.parametrize(
    ("target", "led"),
    [
        ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil.example", "/"),
        ("\\/evil.example", "/"), ("javascript:alert(1)", "/"), ("", "/"), ("/\r\nx: y", "/"),
        ("/tema/industri#12/1/2&plan=rdtr", "/tema/industri#12/1/2&plan=rdtr"),
    ],
)  # fmt: skip
def test_nobody_is_led_elsewhere(office: Office, target: str, led: str) -> None:
    assert office.enter(next=target).headers["location"] == led
    page = office.client.get("/masuk", params={"next": target}).text
    assert "evil" not in page
    assert "javascript:" not in page


@pytest.mark.parametrize("key", ["", "tr_x", "<script>alert(1)</script>", "x" * 3_000])
def test_a_key_that_is_none_is_told_on_the_page_and_not_repeated(office: Office, key: str) -> None:
    answer = office.enter(key, lang="en")
    assert answer.status_code == 401
    assert answer.headers["cache-control"].endswith("no-store")
    assert "the key is not known" in answer.text
    assert "set-cookie" not in answer.headers
    assert not key or key not in answer.text
    assert "form-action 'self'" in answer.headers["content-security-policy"]


def test_forms_are_bounded_and_of_one_kind(office: Office) -> None:
    assert office.enter("x" * 5_000).status_code == 413
    other = office.client.post("/masuk", json={"kunci": office.key}, headers=OURS)
    assert (other.status_code, other.json()["code"]) == (415, "media_type")
    assert office.client.get("/masuk?kunci=tr_x").json()["code"] == "parameter_unknown"


def test_what_a_session_sees_never_meets_the_answers_to_everybody(office: Office) -> None:
    public = office.client.get("/v1/layers")
    assert "cookie" in public.headers["vary"]
    office.enter()
    seen = office.client.get("/v1/layers")
    assert seen.headers["cache-control"].startswith(("private", "no-store"))
    assert "cookie" in seen.headers["vary"]


def test_where_nobody_is_asked_there_is_nothing_to_enter(client: TestClient) -> None:
    answer = client.get("/masuk?next=/ruang-operasi", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/ruang-operasi")
    assert client.get("/v1/session").json()["sign_in"] is None
    page = client.post("/masuk", data={"kunci": "x"}, headers={"origin": "http://testserver"},
                       follow_redirects=False)  # fmt: skip
    assert (page.status_code, "set-cookie" in page.headers) == (303, False)

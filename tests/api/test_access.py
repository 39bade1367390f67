"""Who may do what, and who may see which layer: every endpoint by every role."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import jwt
import pytest
import shapely
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi.testclient import TestClient

from api.access.keys import Keys
from api.access.rights import LayerRights
from api.access.roles import ROLES
from api.access.tokens import Tokens
from api.app import create_app
from api.engine import Engine
from api.service import Service
from api.settings import ServeSettings
from layers.store import open_store
from layers.workspace import Workspace
from spatial.errors import AccessError, StoreError
from zoning import sample_plan_folder

ISSUER = "https://login.example"


class Office:
    """A service that asks for keys, one key for each role, one layer that some may not see."""

    def __init__(self, client: TestClient, keys: dict[str, str], state: Path, private: Any) -> None:
        self.client, self.keys, self.state, self.private = client, keys, state, private

    def head(self, role: str | None) -> dict[str, str]:
        return {} if role is None else {"x-api-key": self.keys[role]}

    def get(self, path: str, role: str | None = None) -> Any:
        return self.client.get(path, headers=self.head(role))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("access")
    place = Workspace.create(
        folder / "ws", name="Kabupaten Uji", extent=(110.3, -7.2, 111.0, -6.5), resmi=False
    )
    shutil.copytree(sample_plan_folder("rdtr"), place.plans / "rdtr")
    zones = gpd.GeoDataFrame(
        {"zona": ["R-2"]}, geometry=[shapely.box(110.6, -6.9, 110.7, -6.8)], crs="EPSG:4326"
    )
    store = open_store(place)
    store.publish(zones, name="rdtr", kind="pola_ruang")
    store.publish(zones, name="rahasia", kind="lp2b")
    (place.folder / "akses.toml").write_text('[layers]\nrahasia = ["opd", "auditor"]\n')
    state = folder / "state"
    keys = Keys(state / "keys.json")
    secrets = {role: keys.add(role, [role]) for role in ROLES}
    private = ec.generate_private_key(ec.SECP256R1())
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(private.public_key()))
    jwks = folder / "jwks.json"
    jwks.write_text(json.dumps({"keys": [public | {"kid": "k1", "alg": "ES256", "use": "sig"}]}))
    settings = ServeSettings(
        access="keys", state_folder=state, oidc_issuer=ISSUER, oidc_jwks=str(jwks)
    )
    app = create_app(lambda: Service(Engine.open(place.folder), settings), settings)
    with TestClient(app, client=("192.0.2.7", 4000)) as client:
        for _ in range(500):
            if client.get("/readyz").status_code == 200:
                break
        yield Office(client, secrets, state, private)


@pytest.mark.parametrize("role", [None, *ROLES])
def test_only_who_verifies_records_and_only_some_read_decisions(
    office: Office, permit: dict[str, Any], role: str | None
) -> None:
    """The matrix of endpoints and roles, answers of each written down here."""
    made = office.client.post("/v1/conformity", json=permit, headers=office.head("verifikator"))
    number = made.headers["tataruang-register"]
    records = role == "verifikator"
    reads = role in ("verifikator", "auditor")
    refusal = 401 if role is None else 403
    judge = office.client.post(
        "/v1/conformity?dry_run=true", json=permit, headers=office.head(role)
    )
    assert judge.status_code == 200
    record = office.client.post("/v1/conformity", json=permit, headers=office.head(role))
    assert record.status_code == (200 if records else refusal)
    for path in (f"/v1/conformity/{number}", f"/v1/conformity/{number}.pdf"):
        assert office.get(path, role).status_code == (200 if reads else refusal), path
    assert office.get("/metrics", role).status_code == (200 if role == "admin_data" else 404)
    assert office.get("/v1/zones/at?lon=110.65&lat=-6.85", role).status_code == 200
    assert office.get(f"/verify/{made.headers['tataruang-check-code']}", role).status_code == 200


HIDDEN = [
    "/tiles/rahasia/10/826/531.mvt",
    "/tiles/rahasia/tilejson.json",
    "/ogc/collections/rahasia",
    "/ogc/collections/rahasia/queryables",
    "/ogc/collections/rahasia/items",
    "/ogc/collections/rahasia/tiles",
    "/ogc/collections/rahasia/tiles/WebMercatorQuad/10/531/826",
]


@pytest.mark.parametrize("path", HIDDEN)
@pytest.mark.parametrize("role", [None, *ROLES])
def test_a_layer_that_is_not_for_all_is_not_there_for_others(
    office: Office, path: str, role: str | None
) -> None:
    seen = role in ("opd", "auditor")
    answer = office.get(path, role)
    assert answer.status_code == (200 if seen else 404)
    if seen:
        assert not answer.headers.get("cache-control", "private").startswith("public")
    else:
        assert answer.json()["code"] == "layer_unknown"


@pytest.mark.parametrize("role", [None, "publik", "opd"])
def test_lists_name_only_what_the_caller_may_see(office: Office, role: str | None) -> None:
    seen = role == "opd"
    lists = {
        "/v1/layers": lambda body: [one["name"] for one in body["layers"]],
        "/v1/map": lambda body: [one["name"] for one in body["layers"]],
        "/ogc/collections": lambda body: [one["id"] for one in body["collections"]],
        "/v1/zones/at?lon=110.65&lat=-6.85": lambda b: [one["layer"] for one in b["layers"]],
    }
    for path, names in lists.items():
        assert ("rahasia" in names(office.get(path, role).json())) == seen, path
    assert ("rahasia" in office.get("/ogc/api", role).text) == seen
    together = office.get("/ogc/tiles/WebMercatorQuad/10/531/826?collections=rahasia", role)
    assert together.status_code == (200 if seen else 400)


def test_answers_to_a_key_stay_out_of_shared_caches(office: Office) -> None:
    path = "/tiles/rdtr/10/826/531.mvt"
    assert office.get(path).headers["cache-control"].startswith("public")
    known = office.get(path, "opd")
    assert known.headers["cache-control"].startswith("private")
    assert "x-api-key" in known.headers["vary"]


@pytest.mark.parametrize("key", ["", "tr_x", "'; DROP TABLE", "x" * 10_000])
def test_a_key_that_is_none(office: Office, key: str) -> None:
    answer = office.client.get("/v1/layers", headers={"x-api-key": key})
    assert (answer.status_code, answer.json()["code"]) == (401, "key_unknown")
    assert "www-authenticate" in answer.headers


def test_a_revoked_key_ends_at_once_and_no_key_is_kept_readable(office: Office) -> None:
    keys = Keys(office.state / "keys.json")
    secret = keys.add("sementara", ["opd"])
    head = {"x-api-key": secret}
    assert office.client.get("/v1/layers", headers=head).status_code == 200
    text = (office.state / "keys.json").read_text()
    assert secret not in text
    assert secret.removeprefix("tr_") not in text
    assert (office.state / "keys.json").stat().st_mode & 0o077 == 0
    keys.revoke("sementara")
    assert office.client.get("/v1/layers", headers=head).status_code == 401


def test_a_key_ends_on_its_day(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys.json")
    secret = keys.add("lama", ["opd"], date(2020, 1, 1))
    with pytest.raises(AccessError, match="ended on 2020-01-01"):
        keys.caller(secret)
    for name, roles in [("lama", ["opd"]), ("", ["opd"]), ("baru", ["raja"]), ("baru", [])]:
        with pytest.raises(AccessError):
            keys.add(name, roles)


def test_a_file_of_keys_that_cannot_be_read_accepts_nobody(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("[{]")
    with pytest.raises(StoreError, match="cannot be read"):
        Keys(tmp_path / "keys.json").caller("tr_x")


def test_rights_that_cannot_be_understood_open_nothing(tmp_path: Path) -> None:
    for text in ("[layers", '[layers]\na = ["raja"]', "layers = 3", "x = 1"):
        (tmp_path / "akses.toml").write_text(text)
        with pytest.raises(StoreError, match="cannot be understood"):
            LayerRights.read(tmp_path)


def claims(**other: Any) -> dict[str, Any]:
    now = int(time.time())
    plain = {"iss": ISSUER, "aud": "tataruang", "sub": "budi", "exp": now + 60}
    return plain | {"roles": ["opd", "roles-of-another-system"]} | other


def test_a_token_of_the_office_speaks_for_its_roles(office: Office) -> None:
    token = jwt.encode(claims(), office.private, "ES256", headers={"kid": "k1"})
    head = {"authorization": f"Bearer {token}"}
    answer = office.client.get("/ogc/collections/rahasia", headers=head)
    assert answer.status_code == 200


def test_tokens_that_prove_nothing(office: Office) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    sign = lambda body, key=office.private, alg="ES256", kid="k1": jwt.encode(  # noqa: E731  short
        body, key, alg, headers={"kid": kid}
    )
    with_no_key = jwt.encode(claims(), None, "none", headers={"kid": "k1"})
    without_end = {name: value for name, value in claims().items() if name != "exp"}
    bad = {
        "expired": sign(claims(exp=int(time.time()) - 120)),
        "issuer": sign(claims(iss="https://evil.example")),
        "audience": sign(claims(aud="another")),
        "signature": sign(claims(), other),
        "kid": sign(claims(), kid="k2"),
        "unsigned": with_no_key,
        "shared secret": sign(claims(), "a-secret-of-more-than-32-bytes-x", "HS256"),
        "no end": sign(without_end),
        "garbage": "a.b.c",
        "long": "x" * 9_000,
    }
    for name, token in bad.items():
        answer = office.client.get("/v1/layers", headers={"authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_refused"), name


def test_tokens_may_come_from_an_address_only_by_https() -> None:
    with pytest.raises(AccessError):
        Tokens(ISSUER, "tataruang", "http://login.example/keys").caller("a.b.c")


def test_who_saw_a_decision_is_written_down(office: Office, permit: dict[str, Any]) -> None:
    made = office.client.post("/v1/conformity", json=permit, headers=office.head("verifikator"))
    path = f"/v1/conformity/{made.headers['tataruang-register']}"
    office.get(path, "auditor")
    office.get(path)
    text = (office.state / "audit.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    told = [(one["caller"], one["status"]) for one in lines if one["path"] == path]
    assert told == [("auditor", 200), ("192.0.2.7", 401)]


@pytest.mark.parametrize(("host", "access"), [("127.0.0.1", "open"), ("0.0.0.0", "keys")])  # noqa: S104
def test_on_a_network_nobody_is_anybody_without_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, access: str
) -> None:
    from api.commands.serve import serve

    started: list[Any] = []
    monkeypatch.setattr("uvicorn.Server.run", lambda one, **_: started.append(one.config.app))
    place = Workspace.create(tmp_path / "ws", name="Uji", extent=(110.3, -7.2, 111.0, -6.5))
    serve(workspace=place.folder, host=host)
    assert started[0].state.settings.access == access

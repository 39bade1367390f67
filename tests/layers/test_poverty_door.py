"""What a public store holds: no person, no small count, and the same mask in every version."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from api.tiles.attributes import Attributes
from layers.ingest import ingest_file
from layers.store import open_store
from layers.workspace import Workspace
from spatial.errors import AccessError, SchemaError

CODES = [f"33.74.{kec:02d}.{1001 + i}" for kec in (1, 2) for i in range(6)]


def counts(folder: Path, poor: list[int | None], name: str = "kemiskinan.csv") -> Path:
    path = folder / name
    pd.DataFrame({"KDEPUM": CODES, "JUMLAH_PENDUDUK": 400, "PENDUDUK_MISKIN": poor}).to_csv(
        path, index=False
    )
    return path


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "ruang", name="Ruang")


POOR = [60, 70, 3, 80, 90, 100, 50, 60, 70, 80, 90, 40]


def test_small_counts_never_reach_the_store(place: Workspace, tmp_path: Path) -> None:
    store = open_store(place)
    _, notes = ingest_file(store, counts(tmp_path, POOR), name="miskin")
    frame = store.get("miskin").frame
    assert frame is not None
    hidden = frame["penduduk_miskin"].isna()
    assert hidden[2]
    assert hidden.sum() == 2  # one more keeps the total of its kecamatan from telling it
    shown = frame.loc[~hidden, "penduduk_miskin"].to_list()
    assert shown == [value for value, gone in zip(POOR, hidden, strict=True) if not gone]
    assert frame["jumlah_penduduk"].notna().all()
    assert "cells_withheld" in {note.code for note in notes}
    stored = b"".join(path.read_bytes() for path in place.store.rglob("*.parquet"))
    assert stored
    # What tiles carry is encoded from this very frame.
    packed = Attributes.of(frame[["penduduk_miskin"]])
    assert (packed.codes[hidden.to_numpy()] == -1).all()


def test_what_was_hidden_stays_hidden_in_the_next_version(place: Workspace, tmp_path: Path) -> None:
    store = open_store(place)
    ingest_file(store, counts(tmp_path, POOR), name="miskin")
    first = store.get("miskin").frame["penduduk_miskin"].isna()
    grown = [*POOR]
    grown[2] = 55
    ingest_file(store, counts(tmp_path, grown, "kini.csv"), name="miskin")
    second = store.get("miskin")
    assert (second.frame["penduduk_miskin"].isna() >= first).all()
    assert set(second.version.provenance["withheld"]["hidden"]["desa"]) >= {
        CODES[row] for row in np.flatnonzero(first)
    }


def test_a_private_workspace_keeps_everything(tmp_path: Path) -> None:
    place = Workspace.create(tmp_path / "tertutup", name="Tertutup", private=True)
    store = open_store(place)
    ingest_file(store, counts(tmp_path, POOR), name="miskin", private=place.private)
    assert store.get("miskin").frame["penduduk_miskin"].to_list() == POOR


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"KODE_DESA": CODES, "NIK": ["3374010101800001"] * 12}, None),
        ({"KODZON": ["R"] * 12, "NOMOR": ["3374010101800001"] * 12}, None),
        ({"NAMA": ["x"] * 12, "NO_KK": ["x"] * 12}, None),
        (
            {"KDEPUM": [CODES[0]] * 12, "JUMLAH_PENDUDUK": 4, "JUMLAH_KK": 1, "NAMA_KRT": "x"},
            "penduduk",
        ),
    ],
)
def test_a_layer_with_persons_is_turned_away(
    place: Workspace, tmp_path: Path, columns: dict[str, object], kind: str | None
) -> None:
    path = tmp_path / "x.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    store = open_store(place)
    with pytest.raises(AccessError) as refused:
        ingest_file(store, path, name="x", kind=kind)
    assert refused.value.code == "personal_data"
    assert not store.layers()


def test_schools_with_names_and_addresses_are_no_persons(place: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "sekolah.csv"
    pd.DataFrame({"NAMA": ["SD 1"], "ALAMAT": ["Jl. Contoh 1"]}).to_csv(path, index=False)
    version, _ = ingest_file(open_store(place), path, name="sekolah")
    assert version.rows == 1


def test_a_desa_that_stands_twice_is_refused(place: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "ganda.csv"
    pd.DataFrame({"KDEPUM": [CODES[0]] * 2, "JUMLAH_PENDUDUK": 400, "PENDUDUK_MISKIN": 50}).to_csv(
        path, index=False
    )
    with pytest.raises(SchemaError) as refused:
        ingest_file(open_store(place), path, name="miskin")
    assert refused.value.code == "area_code_repeats"


def test_small_counts_under_other_names_are_refused_and_shares_are_not(
    place: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "lain.csv"
    store = open_store(place)
    codes = {"KODE": CODES, "KK": [100] * 12}
    pd.DataFrame({**codes, "kk_miskin": POOR}).to_parquet(tmp_path / "lain.parquet")
    with pytest.raises(AccessError) as refused:
        ingest_file(store, tmp_path / "lain.parquet", name="lain")
    assert refused.value.code == "counts_unprotected_layer"
    assert "kk_miskin" in str(refused.value)
    large = [value + 10 for value in POOR]
    for columns in ({"persen_miskin": [value / 7 for value in POOR]}, {"kk_miskin": large}):
        pd.DataFrame({**codes, **columns}).to_csv(path, index=False)
        ingest_file(store, path, name="lain")
    closed = Workspace.create(tmp_path / "tertutup", name="Tertutup", private=True)
    ingest_file(open_store(closed), tmp_path / "lain.parquet", name="lain", private=True)

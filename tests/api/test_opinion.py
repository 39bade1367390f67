"""The letter: everything on record stands on it, on paper as on screen, and it can be verified."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pypdf import PdfReader
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "zoning"))
import d1_workspace
from case_runner import CRS, shape

from api import cli
from api.app import create_app
from api.engine import Engine
from api.letterhead import Letterhead
from api.opinions import Opinions
from api.recording import record_answers
from api.reports.html import render_opinion_html
from api.reports.opinion import Opinion
from api.reports.pdf import render_opinion
from api.reports.summary import SummaryRow, render_summary
from api.service import Service
from api.settings import ServeSettings
from api.verdict_files import verdict_bytes
from spatial.errors import StoreError
from zoning import explain
from zoning.register import Decision

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

CASES = Path(__file__).resolve().parents[1] / "cases"
DAY = date(2024, 7, 1)
KOP = """
pemerintah = "Pemerintah Kabupaten Uji"
kantor = "Dinas Penataan Ruang"
kota = "Kota Uji"
jabatan = "Kepala Dinas"
nama = "Nama Penanda Tangan"
nip = "123"
verifikasi = "https://ruang.contoh.example/"
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = d1_workspace.make(tmp_path_factory.mktemp("w") / "uji")
    (folder / "kop.toml").write_text(KOP, encoding="utf-8")
    return Engine.open(folder)


def recorded(engine: Engine, *names: str, **fields: Any) -> list[Decision]:
    columns = {"permit_id": list(names), "kegiatan": ["rumah tunggal"] * len(names)}
    columns |= {key: [value] * len(names) for key, value in fields.items()}
    frame = gpd.GeoDataFrame(columns, geometry=[shape(name) for name in names], crs=CRS)
    answers = [verdict_bytes(one.to_dict()) for one in engine.check(frame, on=DAY)]
    receipts = record_answers(engine, frame, answers, on=DAY)
    return [engine.register.get(receipt.id) for receipt in receipts]


@pytest.fixture(scope="module")
def decision(engine: Engine) -> Decision:
    [found] = recorded(engine, "I_R2_P1", luas_tapak_m2=50.0, lantai=1.0)
    return found


@pytest.fixture(scope="module")
def letter(engine: Engine, decision: Decision) -> Opinion:
    return Opinions(engine).opinion(decision)


def paper(pdf: bytes) -> tuple[str, list[str]]:
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    return _plain(" ".join(pages)), pages


def _plain(text: str) -> str:
    return re.sub(r"[\s\u00ad-]+", "", text)


def screen(html: str) -> str:
    body = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", html, flags=re.DOTALL)
    return _plain(body.replace("&#34;", '"').replace("&#39;", "'").replace("&amp;", "&"))


def test_everything_on_record_stands_on_paper_and_on_screen(
    decision: Decision, letter: Opinion
) -> None:
    verdict = decision.verdict
    assert verdict["verdict"] == "DISETUJUI_SEBAGIAN"
    wanted = [
        decision.id, decision.check_code, "I_R2_P1", "rumah tunggal", "DINAS PENATAAN RUANG",
        "PEMERINTAH KABUPATEN UJI", "Nama Penanda Tangan", "NIP 123", "Kota Uji,",
        "Disetujui sebagian", "Dapat disetujui: 100,00 m²", "600,00 m²", "16,67 %", "83,33 %",
        "RDTR Wilayah Uji D1", verdict["evidence"]["plans"][0]["version"][:16],
        "skala 1:5.000", "CE90", "1,0 m", "Contoh, bukan data resmi", "bukan keputusan",
        *explain(verdict), *verdict["conditions"],
        *(layer["version"][:16] for layer in verdict["evidence"]["layers"]),
        *(f["dasar"]["pasal"] for f in verdict["findings"] if f["dasar"]),
    ]  # fmt: skip
    said, pages = paper(render_opinion(letter))
    shown = screen(render_opinion_html(letter)).upper()
    for words in wanted:
        assert _plain(words) in said, words
        assert _plain(words).upper() in shown, words
    assert f"Halaman 1 / {len(pages)}" in pages[0]


def test_corners_are_those_of_the_part_that_is_approved(letter: Opinion) -> None:
    part = shape("I_R2_P1").intersection(shapely.box(549_800, 9_260_500, 549_900, 9_260_600))
    assert letter.corners_title == "Koordinat bagian yang dapat disetujui"
    west, south, east, north = part.bounds
    xs = {float(row[3].replace(".", "").replace(",", ".")) for row in letter.corners}
    ys = {float(row[4].replace(".", "").replace(",", ".")) for row in letter.corners}
    # The plan is drawn on WGS84 / UTM 49S, the letter speaks SRGI2013: 0.2 m apart at most.
    assert np.allclose(sorted(xs), sorted({west, east}), atol=0.5)
    assert np.allclose(sorted(ys), sorted({south, north}), atol=0.5)
    assert "EPSG:9489" in letter.corners_note


def test_a_refused_application_lists_no_corners(engine: Engine) -> None:
    [refused] = recorded(engine, "I_R2_P1", footprint=shape("I_R2_P1").buffer(-0.5))
    letter = Opinions(engine).opinion(refused)
    assert letter.words == "Tidak sesuai"
    assert "Tidak dapat disetujui" in letter.summary
    assert (letter.corners, letter.corners_note) == ([], "")


def test_english_on_request(engine: Engine, decision: Decision) -> None:
    letters = Opinions(engine, "en")
    said, _ = paper(letters.pdf(decision))
    for words in ("TECHNICAL OPINION", "Can be approved in part", "600.00 m²", "Not permitted"):
        assert _plain(words) in said
    assert "PENDAPATTEKNIS" not in said


def test_a_long_table_runs_over_pages_with_its_head(engine: Engine, decision: Decision) -> None:
    letter = Opinions(engine).opinion(decision)
    many = Opinion(**{**letter.__dict__, "findings": letter.findings * 40})
    _, pages = paper(render_opinion(many))
    assert len(pages) > 4
    heads = sum("Terukur" in page for page in pages)
    assert heads >= len(pages) - 2
    assert f"Halaman {len(pages)} / {len(pages)}" in pages[-1]


def test_the_letter_is_the_same_after_plans_and_layers_changed(tmp_path: Path) -> None:
    folder = d1_workspace.make(tmp_path / "uji")
    before = Engine.open(folder)
    [decision] = recorded(before, "B_60_40")
    text, _ = paper(Opinions(before).pdf(decision))
    shutil.rmtree(folder / "plans" / "D1")
    shutil.copytree(CASES / "plans" / "D1K", folder / "plans" / "D1K")
    after = Engine.open(folder)
    again, _ = paper(Opinions(after).pdf(after.register.get(decision.id)))
    assert again == text


def test_the_map_shows_the_layers_of_the_decision(engine: Engine, decision: Decision) -> None:
    from matplotlib.image import imread

    pixels = imread(io.BytesIO(Opinions(engine).map(decision)))[..., :3]
    # 16 x 12 cm at 200 dots per inch.
    assert pixels.shape[:2] == pytest.approx((945, 1260), abs=2)
    assert len(np.unique((pixels * 255).astype(int).reshape(-1, 3), axis=0)) > 50


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("kantor = 3", "kantor is no text"),
        ('kepala = "x"', "unknown: kepala"),
        ("kantor = ", "fault"),
        ('logo = "../../etc/passwd"', "inside the workspace"),
        ('logo = "tidak-ada.png"', "missing"),
    ],
)
def test_a_letterhead_with_a_fault_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    folder = d1_workspace.make(tmp_path / "uji")
    (folder / "kop.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match=reason) as caught:
        Letterhead.of(Engine.open(folder).workspace)
    assert caught.value.code == "letterhead_damaged"


@pytest.fixture(scope="module")
def client(engine: Engine) -> Iterator[TestClient]:
    settings = ServeSettings()
    app = create_app(lambda: Service(engine, settings), settings)
    with TestClient(app, raise_server_exceptions=False) as started:
        for _ in range(200):
            if started.get("/readyz").status_code == 200:
                break
        yield started


def test_the_service_verifies_what_the_code_on_paper_says(
    client: TestClient, decision: Decision, letter: Opinion
) -> None:
    assert letter.verify_url.startswith("https://ruang.contoh.example/verify/")
    path = letter.verify_url.removeprefix("https://ruang.contoh.example")
    found = client.get(path)
    assert found.status_code == 200
    assert found.json()["number"] == decision.id
    assert found.json()["verdict"] == "DISETUJUI_SEBAGIAN"
    assert found.json()["hash"] == decision.hash
    page = client.get(path, headers={"accept": "text/html"})
    assert "Surat ini asli" in page.text
    assert decision.id in page.text


def test_a_summary_counts_every_application(engine: Engine) -> None:
    frame = d1_workspace.permits(60)
    bodies = engine.check(frame, on=DAY).to_dicts()
    rows = [
        SummaryRow(body, "rumah tunggal", "karena", f"2026-{i:06d}")
        for i, body in enumerate(bodies)
    ]
    said, pages = paper(
        render_summary(rows, letterhead=Letterhead(kantor="Dinas"), on="1 Juli 2024")
    )
    assert len(pages) > 1
    for body in bodies:
        assert _plain(body["permit_id"]) in said
    assert "60permohonan" in said
    assert "2026000059" in said
    empty, _ = paper(render_summary([], letterhead=Letterhead(), on="–"))
    assert "Tidakadayangmenghalangi" in empty


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli._app_for(list(words)), list(words))
    return result.exit_code, result.output


def test_from_a_file_of_permits_to_letters(tmp_path: Path) -> None:
    folder = str(d1_workspace.make(tmp_path / "uji"))
    frame = d1_workspace.permits(2)
    permits = tmp_path / "p.csv"
    table = frame[["permit_id", "kegiatan"]].assign(geometry=frame.geometry.to_wkt())
    table.to_csv(permits, index=False)
    common = ("-w", folder, "--source-crs", CRS, "--on", "2024-07-01")
    pdf = tmp_path / "r.pdf"
    code, said = run("check", str(permits), *common, "--record", "--pdf", str(pdf), "--json")
    assert code == 0, said
    answers = json.loads(said)
    register = Engine.open(folder).register
    assert [one.verdict for one in register.decisions()] == answers
    assert pdf.read_bytes().startswith(b"%PDF")
    out = tmp_path / "surat"
    code, said = run("opinion", *common, "-o", str(out), "--permits", str(permits), "--html")
    assert code == 0, said
    # The same file again is the same decisions: nothing was recorded twice.
    assert register.head().seq == 2
    assert sorted(path.suffix for path in out.iterdir()) == [".html", ".html", ".pdf", ".pdf"]
    assert run("opinion", "-w", folder, "-o", str(out))[0] != 0

"""Areas printed in one law, audited: the figures of Perbup Rembang 23/2024 (public law)."""

from __future__ import annotations

import io
import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from api import cli
from layers.area_audit import audit_areas
from spatial.errors import SchemaError

#: kode, printed, sum of parts, pasal, parts: Perbup Rembang 23/2024 Pasal 3, 19-39 and 50-55.
PRINTED = """kode,luas_ha_stated,sum_of_parts_ha,pasal,note
WP,4532.27,,3(1),
BA,25.65,25.65,19,
HL,377.54,,20,
PS,30.44,,21,
RTH,27.61,27.61,22,0.25+0.56+9.96+14.39+2.45
CB,7.34,,23,
EM,6.54,,24,
BJ,58.44,,26,
KHP,147.04,,27,
P,1949.31,,28,338.68+1417.36+181.04+2.87
IK,60.35,60.35,29,
KEG,386.18,,30,
KPI,39.38,,31,
W,6.01,,32,
R,1249.19,1249.19,33,215.01+595.91+346.08+92.19
SPU,38.26,38.25,34,
K,113.12,113.12,35,
KT,4.44,,36,
PL,2.39,2.39,37(1),
PL-6,4.75,,37(2),2.03+0.36
TR,12.30,12.30,38,0.50+11.80
HK,0.08,,39,
LP2B,472.30,472.30,50(1),40+139.17+209.59+83.54
KRB_banjir,1162.28,1162.28,51(4),776.09+386.19
"""


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.read_csv(io.StringIO(PRINTED), dtype=str, keep_default_na=False)


def test_both_errors_of_the_law_are_found_and_nothing_else(table: pd.DataFrame) -> None:
    audit, notes = audit_areas(table)
    wrong = audit[audit["finding"] == "salah_jumlah"]
    assert wrong[["kode", "difference_ha"]].values.tolist() == [["P", -9.36], ["PL-6", -2.36]]
    assert [note.details["kode"] for note in notes if note.code == "area_sum_wrong"] == [
        "P",
        "PL-6",
    ]
    by_code = audit.set_index("kode")["finding"]
    assert by_code["SPU"] == "pembulatan"
    assert by_code["LP2B"] == by_code["R"] == "cocok"
    assert by_code["HL"] == "tanpa_bagian"


def test_the_whole_is_the_sum_of_its_zones_once_the_errors_are_mended(table: pd.DataFrame) -> None:
    audit, notes = audit_areas(table)
    [total] = [note for note in notes if note.code == "area_total"]
    assert total.details == {
        "kode": "WP",
        "stated": 4532.27,
        "printed": 4541.61,
        "corrected": 4532.25,
    }
    assert audit.set_index("kode").loc["WP", "finding"] == "pembulatan"


def test_the_map_is_held_against_the_law(table: pd.DataFrame) -> None:
    audit, _ = audit_areas(table, pd.Series({"HL": 370.0, "PS": 30.5}))
    found = audit.set_index("kode")
    assert found.loc["HL", "finding"] == "berbeda_dari_peta"
    assert found.loc["PS", "finding"] == "tanpa_bagian"


def test_an_area_that_cannot_be_read_is_no_rounding_and_leaves_the_whole_open() -> None:
    printed = pd.DataFrame(
        {
            "kode": ["R", "K", "WP"],
            "luas_ha_stated": ["60,00", "-", "100,00"],
            "sum_of_parts_ha": ["60,00", "40,00", None],
        }
    )
    audit, notes = audit_areas(printed)
    assert audit["finding"].tolist() == ["cocok", "tanpa_luas", "tanpa_bagian"]
    assert notes == ()


def test_order_of_rows_does_not_matter(table: pd.DataFrame) -> None:
    mixed = table.sample(frac=1, random_state=7)
    one = audit_areas(table)[0].set_index("kode")["finding"]
    assert audit_areas(mixed)[0].set_index("kode")["finding"].to_dict() == one.to_dict()


def test_a_table_without_areas_is_refused() -> None:
    with pytest.raises(SchemaError, match="has no column stated_ha"):
        audit_areas(pd.DataFrame({"kode": ["P"]}))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "luas.csv").write_text(PRINTED)
    assert cli.main(["audit-areas", str(tmp_path / "luas.csv")]) == 0
    told = capsys.readouterr().out
    assert "P (28): tertulis 1949.31 ha" in told
    assert "4532.25" in told
    frame = gpd.GeoDataFrame(
        {"KODSZN": ["HL"]}, geometry=[shapely.box(440000, 9226000, 441000, 9227000)], crs=32749
    )
    frame.to_file(tmp_path / "peta.gpkg")
    words = ["audit-areas", str(tmp_path / "luas.csv"), "--layer", str(tmp_path / "peta.gpkg")]
    assert cli.main([*words, "--json"]) == 0
    rows = {row["kode"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    assert rows["HL"]["map_ha"] == pytest.approx(100, rel=0.002)
    assert rows["HL"]["finding"] == "berbeda_dari_peta"

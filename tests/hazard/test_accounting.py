"""Rounding keeps sums; a balance that is off is refused; class rules read what agencies write."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hazard import Account, class_rule, largest_remainder, load_rule, round_table, rule_names
from hazard.accounting import check_units
from spatial.errors import (
    ClosureError,
    LayerError,
    PlanError,
    PlanNotFoundError,
    RasterError,
    SchemaError,
)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20), st.integers(0, 10**6))
def test_integers_keep_the_sum_and_stay_within_one(amounts: list[float], total: int) -> None:
    shares = np.array(amounts)
    if shares.sum() <= 1e-9:
        return
    rounded = largest_remainder(shares, total)
    assert rounded.sum() == total
    assert (np.abs(rounded - shares * total / shares.sum()) < 1 + 1e-6).all()
    own = largest_remainder(shares)
    assert own.sum() == round(float(shares.sum()))


@given(st.integers(2, 9), st.integers(1, 1000), st.randoms(use_true_random=False))
def test_the_rounding_of_an_area_decides_no_tie(parts: int, people: int, noise: Random) -> None:
    equal = np.full(parts, people / parts)
    noisy = equal * [1 + noise.uniform(-1e-10, 1e-10) for _ in range(parts)]
    most, extra = divmod(people, parts)
    wanted = [most + 1] * extra + [most] * (parts - extra)
    assert largest_remainder(equal, people).tolist() == wanted
    assert largest_remainder(noisy, people).tolist() == wanted


def test_coarser_tables_are_sums_of_the_rounded_ones() -> None:
    table = pd.DataFrame([[0.4, 0.3, 0.3], [10.2, 5.5, 4.3]], ["a", "b"])
    rounded = round_table(table, pd.Series([1, 20], ["a", "b"]))
    assert rounded.sum(axis=1).tolist() == [1, 20]
    assert rounded.sum().sum() == 21


@pytest.mark.parametrize("bad", [[-1.0, 2.0], [np.nan, 1.0]])
def test_negative_or_missing_amounts_are_refused(bad: list[float]) -> None:
    with pytest.raises(LayerError, match="negative or missing"):
        largest_remainder(np.array(bad))


def test_a_total_without_anything_to_carry_it_is_refused() -> None:
    with pytest.raises(LayerError, match="all zero"):
        largest_remainder(np.zeros(3), 5)


def test_a_balance_that_is_off_by_more_than_the_tolerance_is_refused() -> None:
    Account(1.0, 0.0, 0.0, 0.0, 0.0, 1.0 + 5e-9, "m2").check("luas")
    with pytest.raises(ClosureError, match="luas") as refused:
        Account(1.0, 0.0, 0.0, 0.0, 0.0, 1.0 + 5e-8, "m2").check("luas")
    assert refused.value.details["whole"] == 1.0 + 5e-8


def test_a_unit_without_an_answer_does_not_close() -> None:
    with pytest.raises(ClosureError, match="unit b"):
        check_units(pd.Series({"a": 1.0, "b": np.nan}), pd.Series({"a": 1.0, "b": 1.0}), "luas")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (1, "rendah"),
        ("Rendah", "rendah"),
        ("2.0", "sedang"),
        ("MENENGAH ", "sedang"),
        ("High", "tinggi"),
    ],
)
def test_numbers_and_words_mean_the_same_class(value: object, word: str) -> None:
    rule = class_rule("tiga_kelas")
    assert rule.labels[rule.words(pd.Series([value], dtype=object))[0]] == word


def test_an_unknown_word_or_value_is_named() -> None:
    rule = class_rule("tiga_kelas")
    with pytest.raises(SchemaError, match="row 7: 'sangat' is no class"):
        rule.words(pd.Series(["sangat"], index=[7]))
    with pytest.raises(RasterError, match=r"2\.4 is no class.*nearest"):
        rule.codes(np.array([1.0, 2.4]), np.array([True, True]))


def test_coded_missing_values_are_no_data() -> None:
    rule = class_rule("gerakan_tanah_klsgtn")
    assert rule.words(pd.Series([996, 999, 5])).tolist() == [6, 6, 4]


def test_every_rule_of_the_package_states_source_and_status() -> None:
    for name in rule_names("classes"):
        rule = load_rule("classes", name)
        assert rule.source in rule.citation()
        assert class_rule(name).labels
        assert ("belum diverifikasi" in rule.citation()) == (rule.status == "belum_diverifikasi")


def test_rule_files_with_faults_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanNotFoundError, match="There are: "):
        class_rule("tidak_ada_aturan_ini")
    head = 'title="t"\nsource="s"\nversion="1"\n'
    faults = {
        "a.toml": ("title=", "rule_unreadable"),
        "b.toml": (head, "rule_incomplete"),
        "c.toml": (head + 'status="pasti"', "rule_incomplete"),
        "d.toml": (
            head + 'status="contoh"\nlabels=["a","b"]\nbreaks=[2.0,1.0]',
            "class_rule_wrong",
        ),
    }
    for name, (text, code) in faults.items():
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(PlanError) as refused:
            class_rule(str(path))
        assert refused.value.code == code

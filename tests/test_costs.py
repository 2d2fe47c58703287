"""Formulas of cost, and what public code spends."""

import pytest

from robustlab import methods
from robustlab.methods import costs

# From a reading of the loops, written down before the data file: units at k = 5.
AT_FIVE = {"standard": 3, "fgm": 6, "pgd": 18, "freelb-released": 15, "ta-vat": 15, "trades": 24, "smart": 16,
           "infobert": 25}  # fmt: skip


def test_public_costs_at_five_steps():
    assert {name: one.cost(5) for name, one in costs.public().items()} == AT_FIVE


def test_public_code_never_spends_less_than_ours_but_for_what_it_leaves_out():
    for name, one in costs.public().items():
        ours = costs.formula(methods.BY_NAME[name])
        left_out = 1 if name == "smart" else 0  # the mean teacher's forward
        assert all(one.cost(k) >= ours(k) - left_out for k in (1, 3, 10)), name


def test_every_entry_names_a_method_and_says_whose_code_it_is():
    for name, one in costs.public().items():
        assert name in methods.BY_NAME
        assert one.code
        assert one.passes


@pytest.mark.parametrize(
    ("name", "text"), [("standard", "3"), ("pgd", "2k + 3"), ("freelb-released", "3k"), ("trades", "2k + 6")]
)
def test_formulas_are_written_as_one_writes_them(name, text):
    assert str(costs.formula(methods.BY_NAME[name])) == text


def test_a_formula_is_a_function_of_k():
    linear = costs.formula(methods.pgd)
    assert [linear(k) for k in (1, 5)] == [5, 13]
    assert str(costs.Linear(0.5, 0)) == "0.5k"


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({}, r"public_costs.toml, a: expected code, passes and cost = \[units a step, units beside\], got nothing"),
        ({"cost": [1], "code": "x", "passes": "y"}, "got code, cost, passes and 1 numbers"),
        ({"cost": [1, 2], "code": "x"}, "got code, cost and 2 numbers"),
    ],
)
def test_a_section_that_is_no_cost_is_refused(section, message):
    with pytest.raises(ValueError, match=message):
        costs.read_public("a", section)

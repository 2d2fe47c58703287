from pathlib import Path

import pytest

from robustlab.study.engine.grid import Scale, Study, as_like

DEFAULTS = {"method": "standard", "step_size": None, "steps": 3}
BLOCKS = [{"method": ["standard"]}, {"method": ["pgd", "freelb"], "step_size": [0.1, 0.2]}]


def study(**changes):
    told = {"name": "s", "shows": "", "notebook": Path("s.ipynb"), "defaults": DEFAULTS}
    told["scales"] = {"smoke": Scale(blocks=BLOCKS, seeds=(0, 1), minutes=1)}
    return Study(**(told | changes))


def test_cells_are_the_products_of_the_blocks_seed_by_seed():
    cells = study().cells("smoke")
    pairs = [("standard", None), ("pgd", 0.1), ("pgd", 0.2), ("freelb", 0.1), ("freelb", 0.2)]
    assert [(c["seed"], c["method"], c["step_size"]) for c in cells] == [(s, *pair) for s in (0, 1) for pair in pairs]
    assert all(list(cell) == ["study", "profile", "seed", *DEFAULTS] for cell in cells)
    assert {(cell["study"], cell["profile"], cell["steps"]) for cell in cells} == {("s", "smoke", 3)}


def test_a_given_value_replaces_the_axis_and_a_cell_stands_once():
    cells = study().cells("smoke", seeds=[7], given={"step_size": [0.5]})
    assert [(c["method"], c["step_size"]) for c in cells] == [("standard", None), ("pgd", 0.5), ("freelb", 0.5)]
    only = study().cells("smoke", seeds=[7], given={"method": ["pgd"], "step_size": [0.1, 0.1]})
    assert [(c["method"], c["step_size"]) for c in only] == [("pgd", None), ("pgd", 0.1)]


def test_a_parameter_that_no_block_varies_is_set_for_all():
    cells = study().cells("smoke", seeds=[0], given={"steps": [2, 5]})
    assert len(cells) == 10
    assert [cell["steps"] for cell in cells[:2]] == [2, 5]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: study().cells("smok"), r"s has no profile 'smok': did you mean 'smoke'\?"),
        (lambda: study().cells("smoke", given={"stepsize": [1]}), "unknown parameter of s 'stepsize': did you mean"),
        (lambda: study().cells("smoke", given={"steps": []}), "steps: expected at least one value, got none"),
        (lambda: study().cells("smoke", seeds=[]), "expected at least one seed"),
        (lambda: study(defaults={"seed": 0}), "'seed' is no parameter of a study"),
        (lambda: study(defaults={"method": ""}), "s, smoke: parameter 'step_size'"),
        (lambda: study(scales={"tiny": Scale(blocks=[], seeds=(), minutes=1)}), "s: profile 'tiny'"),
    ],
)
def test_what_is_not_there_is_refused_and_the_nearest_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("text", "default", "value"),
    [("3", 2, 3), (".5", 0.1, 0.5), ("pgd", "x", "pgd"), ("true", False, True), ("none", 0.1, None), ("2", None, 2)],
)
def test_a_typed_value_is_read_as_its_default(text, default, value):
    found = as_like(text, default)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("text", "default"), [("x", 2), ("2.5", 2), ("yes", False)])
def test_a_value_of_another_type_is_refused(text, default):
    with pytest.raises(ValueError, match=f"expected a value like {default}, got '{text}'"):
        as_like(text, default)

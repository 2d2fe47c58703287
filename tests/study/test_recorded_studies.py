"""The studies that measure trained models: what tells their cells apart, and what one measurement holds."""

from dataclasses import replace

import pytest
import torch

from robustlab import models
from robustlab.corpora import reviews
from robustlab.evaluation import white_box
from robustlab.study import masking_sst2, paths_sst2
from robustlab.study.main_sst2 import cells


def test_a_cell_is_found_by_what_tells_it_apart():
    grid = cells([0, 1])
    found = [{name: getattr(cell, name) for name in masking_sst2.NAMED} | {"number": i} for i, cell in enumerate(grid)]
    assert [masking_sst2.find(found, cell)["number"] for cell in grid] == list(range(len(grid)))
    assert masking_sst2.find(found, replace(grid[0], seed=7)) is None


def test_strangers_seed_is_no_cells():
    assert masking_sst2.STRANGER not in {cell.seed for cell in cells(range(10))}


@pytest.fixture(scope="module")
def model_and_batches():
    rows = reviews.load("test", 12, seed=0)
    loaded = models.load("tiny", labels=reviews.LABELS, texts=rows["text"])
    return loaded.model.double().eval(), white_box.batches(rows, loaded.tokenizer, batch_size=5)


def test_step_sizes_give_every_rule_the_same_first_length(model_and_batches):
    model, batches = model_and_batches
    sizes = paths_sst2.step_sizes(model, batches, 0.01)
    assert sizes["unit_l2"] == pytest.approx(0.01)
    row = next(iter(paths_sst2.measure(model, batches, {"sign": sizes["sign"]})))
    components = torch.cat([white_box.landscape(model, b).mask.flatten(1).sum(1) for b in batches]) * 64
    assert sizes["sign"] == pytest.approx(0.01 / float(components.sqrt().mean()), rel=1e-3)
    assert row["length"] < 0.03 * 1.2


def test_a_measurement_is_consistent(model_and_batches):
    model, batches = model_and_batches
    sizes = paths_sst2.step_sizes(model, batches, 1e-4)
    rows = {row["rule"]: row for row in paths_sst2.measure(model, batches, sizes, curved=("raw",))}
    assert list(rows) == list(paths_sst2.RULES)
    assert rows["raw"]["literal"] == pytest.approx(rows["raw"]["gains"], rel=1e-4)
    assert rows["unit_l2"]["literal"] == pytest.approx(3e-4)
    assert rows["raw"]["error_second_order"] < 0.1 * rows["raw"]["error_gains"]
    assert "second_order" not in rows["unit_l2"]
    assert all(row["n"] == 12 for row in rows.values())


def test_noise_is_as_long_as_asked(model_and_batches):
    model, batches = model_and_batches
    row = paths_sst2.measure_noise(model, batches, 0.5)
    assert row["rule"] == paths_sst2.NOISE
    assert row["length"] == 0.5
    assert abs(row["rise"]) < 0.1

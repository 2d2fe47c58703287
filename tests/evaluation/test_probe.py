from dataclasses import replace

import pytest

from robustlab.ascent import GradientAscent
from robustlab.evaluation import white_box
from robustlab.evaluation.probe import Row, probe, suggest

ROW = Row(relative=0.1, step_size=0.2, reach=0.3, gains=(0.1, 0.1, 0.1), rise=0.3, cosine=0.9, accuracy=0.5)


@pytest.fixture(scope="module")
def found(honest, sentences):
    return probe(*honest, sentences.select(range(0, len(sentences), 5)), step_sizes=(1.0, 0.01, 0.1))


def test_one_row_a_step_size_in_rising_order(found):
    assert [row.relative for row in found.rows] == [0.01, 0.1, 1.0]
    for row in found.rows:
        assert row.step_size == pytest.approx(row.relative * found.embedding_norm)
        assert row.reach == pytest.approx(3 * row.relative)
        assert len(row.gains) == 3


def test_small_steps_are_collinear_and_first_order(found):
    small, _, large = found.rows
    assert small.cosine > 0.999
    assert large.cosine < small.cosine
    assert small.rise == pytest.approx(sum(small.gains), rel=0.1)
    assert large.rise > small.rise > 0
    assert large.accuracy < found.clean_accuracy


def test_numbers_equal_those_of_an_attack(honest, sentences, found):
    rows = sentences.select(range(0, len(sentences), 5))
    batches = white_box.batches(rows, honest.tokenizer)
    attack = GradientAscent(steps=3, step_size=found.embedding_norm)
    attacked = white_box.pgd(honest.model, batches, attack)
    assert found.rows[-1].rise == pytest.approx(attacked.loss.mean().item() - found.clean_loss, rel=1e-4)
    assert found.clean_loss == pytest.approx(white_box.clean(honest.model, batches).loss.mean().item(), rel=1e-5)


def test_one_step_has_no_cosine(honest, sentences):
    found = probe(*honest, sentences.select(range(8)), steps=1, step_sizes=(0.5,))
    assert found.rows[0].cosine is None
    assert found.suggestion is None


def test_suggests_the_smallest_step_size_that_qualifies():
    rows = [
        replace(ROW, relative=0.01, reach=0.03, step_size=0.02, cosine=0.5),  # too short a reach
        replace(ROW, relative=0.10, reach=0.30, step_size=0.20, cosine=0.97),  # collinear
        replace(ROW, relative=0.20, reach=0.60, step_size=0.40, cosine=0.94),
        replace(ROW, relative=0.30, reach=0.90, step_size=0.60, cosine=0.80),
        replace(ROW, relative=1.00, reach=3.00, step_size=2.00, cosine=0.10),  # too long
    ]
    suggestion, reason = suggest(rows[::-1])
    assert suggestion == 0.4
    assert "(0.6)" in reason
    assert "cosine 0.94" in reason


def test_says_that_the_steps_are_collinear():
    suggestion, reason = suggest([replace(ROW, cosine=0.96)])
    assert suggestion is None
    assert "collinear" in reason
    assert "take more steps" in reason


def test_says_that_no_reach_fits():
    suggestion, reason = suggest([replace(ROW, reach=0.1), replace(ROW, reach=2)])
    assert suggestion is None
    assert "no measured step size reaches 0.3 to 1" in reason


@pytest.mark.parametrize(
    ("sizes", "message"),
    [((), "expected at least one step size"), ((0.1, -1.0), r"a relative step size must be positive, got -1\.0")],
)
def test_step_sizes(honest, sentences, sizes, message):
    with pytest.raises(ValueError, match=message):
        probe(*honest, sentences, step_sizes=sizes)

"""Gains over the control of the same seed, and their rank correlation."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from robustlab.study.reasoning import transfer, transfer_table
from robustlab.study.reasoning.cells import Cell
from tests.study.reasoning.rows import row


def cell(study, seed=0, **given):
    return Cell(study=study, seed=seed, **given)


def test_gains_are_against_the_control_with_the_same_seed_batch_and_documents():
    rows = [
        row(cell("table1", method="standard"), latent=0.4, robust=0.5, clean=0.9),
        row(cell("table1", method="standard", inference="guide"), latent=9.0, robust=9.0),
        row(cell("table1"), latent=0.1, robust=0.6, clean=0.8),
        row(cell("ratio"), latent=7.0, robust=7.0),  # the same training again
        row(cell("batch", batch_size=32), latent=7.0, robust=7.0),  # and again
        row(cell("batch", method="standard", batch_size=8), latent=0.3, robust=0.4),
        row(cell("batch", batch_size=8), latent=0.35, robust=0.3),
        row(cell("scale", data=0.2), latent=0.1),  # its control is missing
    ]
    one, other = transfer.points(rows)
    assert (one.label, other.label) == ("self-negative", "self-negative, batch 8")
    told = {name: values[0] for name, values in one.gains.items()}
    assert told["latent"] == pytest.approx(0.3)
    assert told["average"] == told["ambiguity"] == pytest.approx(0.1)
    assert (told["clean"], told["kept"]) == pytest.approx((-0.1, 0.2))
    assert other.gains["latent"] == pytest.approx([-0.05])
    assert other.gains["contradiction"] == pytest.approx([-0.1])


def test_methods_at_the_words_are_one_training_whatever_the_site():
    rows = [row(cell("table1", method="standard"))]
    rows += [row(cell("table1", method="cat", site=site)) for site in ("encoder", "words")]
    assert len(transfer.points(rows)) == 1


def some(n, slope, seeds=3):
    rng = np.random.default_rng(1)
    latent = rng.normal(size=n)
    text = slope * latent + rng.normal(size=n)
    return [
        transfer.Point("self-negative", str(k), {"latent": [latent[k]] * seeds, "average": [text[k]] * seeds})
        for k in range(n)
    ]


def test_the_rank_correlation_is_spearmans():
    found = some(12, 1.0)
    exact = spearmanr([p.mean("latent") for p in found], [p.mean("average") for p in found]).statistic
    told = transfer.correlation(found, "average", resamples=300)
    assert told.value == pytest.approx(exact)
    assert told.low < told.value < told.high
    tied = [point._replace(gains={"latent": [k // 2], "average": [k % 3]}) for k, point in enumerate(found)]
    exact = spearmanr([k // 2 for k in range(12)], [k % 3 for k in range(12)]).statistic
    assert transfer.correlation(tied, "average", resamples=10).value == pytest.approx(exact)


def test_the_interval_is_wide_for_noise_and_narrow_for_a_law():
    noise, law = (transfer.correlation(some(30, slope), "average", resamples=300) for slope in (0, 50))
    assert noise.low < 0 < noise.high
    assert law.low > 0.9
    by_seed = [p._replace(gains={n: [v[0] - 3, v[0], v[0] + 3] for n, v in p.gains.items()}) for p in some(30, 50)]
    wider = transfer.correlation(by_seed, "average", resamples=300)
    assert wider.low < law.low  # seeds are drawn again, too


def test_too_few_settings_have_no_correlation():
    assert transfer.correlation(some(4, 1.0), "average") is None
    alike = [point._replace(gains=point.gains | {"latent": [0.1]}) for point in some(5, 1.0)]
    assert transfer.correlation(alike, "average") is None


def points_of(**latent):
    rows = [row(cell("table1", seed, method="standard"), latent=0.5, robust=0.5) for seed in (0, 1)]
    rows += [
        row(cell("table1", seed, method=name.replace("_", "-")), latent=0.5 - gain[0], robust=0.5 + gain[1])
        for name, gain in latent.items()
        for seed in (0, 1)
    ]
    return transfer.points(rows)


def test_words_and_counts_follow_the_points():
    found = points_of(lat=(0.3, -0.1), augmented=(0.0, 0.2), self_negative=(0.2, 0.1), cat=(-0.1, -0.2))
    assert transfer_table.counts(found) == {"settings": 4, "latent": 2, "text": 2, "both": 1}
    told = transfer_table.verdict(found)
    assert "Of 4 settings, 2 are less sensitive" in told
    assert "Of these, 1 gain more than a point of Robust Accuracy in every seed; of the other 2, 1 do." in told
    assert "Largest gain against text: `augmented` (Robust Accuracy +20.0 points)" in told
    assert "Largest gain in the states: `lat` (Adversarial Sensitivity falls by 0.300)" in told
    assert "place 3 of 4" in told
    assert transfer_table.table(found).empty  # too few settings
    more = found + points_of(vat=(0.05, 0.005), smart=(-0.2, 0.3), r3f=(0.1, -0.1))
    table = transfer_table.table(more, resamples=20)
    assert list(table.columns) == ["all (7)", "without augmented (6)"]
    assert set(transfer_table.TEXT) < set(table.index)
    assert transfer_table.verdict([]) == ""
    assert "augmented (1) 0.000 and 20.0 points" in transfer_table.described(found)


def test_the_conclusion_follows_the_interval():
    def points(slope):
        return [point._replace(gains=point.gains | {"clean": point.gains["average"]}) for point in some(30, slope)]

    assert "go together" in transfer_table.conclusion(points(50))
    assert "no transfer, a price" in transfer_table.conclusion(points(-50))
    assert "no relation" in transfer_table.conclusion(points(0))
    assert transfer_table.conclusion(points(1)[:2]) == ""

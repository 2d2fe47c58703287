"""The chapter on geometry: an encoder onto the circle, small courses, distances by loops, recorded rows."""

from dataclasses import replace

import pytest
import torch
from sklearn.decomposition import PCA

from robustlab.study.pretraining import circle, courses, distances, geometry_table, recording
from robustlab.study.pretraining import geometry as recorded
from robustlab.training.held_out import geometry

SHORT = replace(
    recorded.LONG,
    texts=130,
    held_out=12,
    looks=2,
    recipe=replace(recorded.LONG.recipe, epochs=1, log_every=1),
)


def test_each_loss_gets_what_it_asks_for():
    found = {name: circle.steered(loss) for name, loss in circle.LOSSES.items()}
    alone, spread, both = found.values()
    assert alone.uniformity > spread.uniformity + 0.5
    assert both.alignment < spread.alignment / 2
    assert both.uniformity < alone.uniformity - 0.5
    assert torch.allclose(both.points.norm(dim=2), torch.ones(12, 6, dtype=torch.float64))


def test_a_steered_encoder_depends_on_the_seed_alone():
    loss = circle.LOSSES["InfoNCE"]
    one, _, again = circle.steered(loss, steps=3), torch.randn(9), circle.steered(loss, steps=3)
    assert torch.equal(one.points, again.points)
    assert torch.equal(circle.steered(None).points, circle.steered(loss, steps=0).points)
    assert not torch.equal(one.points, circle.steered(loss, steps=3, seed=1).points)


@pytest.fixture(scope="module")
def held():
    return courses.held_out(SHORT)


def test_nothing_that_is_held_out_is_learned_from(held):
    learned = {sentence for text in courses.learned(SHORT) for sentence in text}
    assert len(held) == 12
    assert len({one.text for one in held} - learned) == 12
    for one in held:
        assert one.label in (0, 1)
        assert one.text not in (one.view, one.negative)
        assert one.form.lower() != one.negative


def test_too_few_sentences_are_refused():
    with pytest.raises(ValueError, match="expected at least 2 sentences of reviews to hold out, found 1"):
        courses.held_out(replace(SHORT, held_out=1))


def test_a_course_begins_with_the_fresh_encoder_and_ends_with_its_own(held):
    taught = courses.course(SHORT, courses.TEXT, held)
    pairs = [(one.text, one.view) for one in held]
    assert list(taught.looks) == sorted(taught.looks)
    assert (0 in taught.looks, max(taught.looks)) == (True, taught.steps)
    assert taught.looks[0] == geometry(courses.fresh(SHORT), pairs)
    assert taught.looks[taught.steps] == geometry(taught.encoder, pairs)


def test_all_forms_read_the_same_rows(held, monkeypatch):
    seen = []

    def instead(encoder, method, rows, *given, **more):
        seen.append((method.objective.view, method.objective.hard, set(rows.column_names), rows["ids"]))
        raise StopIteration

    encoder = courses.fresh(SHORT)
    monkeypatch.setattr(courses, "fresh", lambda plan, seed: encoder)
    monkeypatch.setattr(courses, "pretrain", instead)
    for name in courses.FORMS:
        with pytest.raises(StopIteration):
            courses.course(SHORT, name, held)
    assert all(rows[:] == seen[0][3][:] and len(rows) % 32 == 0 for *_, rows in seen)
    assert ["view_ids" in columns for _, _, columns, _ in seen] == [False, False, True, False, True]
    assert ["negative_ids" in columns for _, _, columns, _ in seen] == [False, True, True, False, False]


def test_distances_by_loops(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    texts = [courses.Held(*(f"{kind}{i}" for kind in "tvfwn"), i % 2) for i in range(6)]
    vectors = {text: torch.randn(4, generator=generator, dtype=torch.float64) for one in texts for text in one[:-1]}
    monkeypatch.setattr(distances, "represent", lambda encoder, asked: torch.stack([vectors[text] for text in asked]))

    def apart(one, other):
        a, b = vectors[one] / vectors[one].norm(), vectors[other] / vectors[other].norm()
        return float((a - b) @ (a - b))

    n = len(texts)
    others = sum(apart(a.text, b.text) for a in texts for b in texts if a is not b) / (n * (n - 1))
    found = distances.distances(None, texts)
    for field in ("view", "form", "words", "negative"):
        mean = sum(apart(one.text, getattr(one, field)) for one in texts) / n
        assert getattr(found, field) == pytest.approx(mean / others)
    nearer = [apart(one.text, one.view) < apart(one.text, one.negative) for one in texts]
    assert found.told == pytest.approx(sum(nearer) / n)
    nearest = [min((b for b in texts if b is not a), key=lambda b, a=a: apart(a.text, b.text)) for a in texts]
    assert found.neighbour == pytest.approx(sum(a.label == b.label for a, b in zip(texts, nearest, strict=True)) / n)


def test_the_plane_is_that_of_the_principal_components():
    features = torch.randn(30, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    points, share = distances.plane(features)
    sphere = (features / features.norm(dim=1, keepdim=True)).numpy()
    other = PCA(n_components=2).fit(sphere)
    assert share == pytest.approx(other.explained_variance_ratio_.sum())
    assert points.abs().numpy() == pytest.approx(abs(other.transform(sphere)))


def row(form, seed, told):
    distances = dict.fromkeys(("view", "form", "words", "negative", "neighbour"), 0.5) | {"told": told}
    measured = {"alignment": 0.1, "relative_alignment": 0.2, "uniformity": -1.0, "effective_rank": 30.0}
    given = {
        "steps": 9,
        "epochs": 1,
        "texts": 40,
        "held_out": 12,
        "date": "2026-01-02",
        "device": "cpu",
        "commit": "ab",
    }
    return {"form": form, "seed": seed, "geometry": measured, "distances": distances, **given}


def test_recorded_rows_have_means_with_least_and_most():
    rows = [row("a", 0, 0.2), row("a", 1, 0.4), row("b", 0, 0.5)]
    table = geometry_table.table(rows)
    assert table.loc["a", "view before negative, % ↑"] == "30 (20 to 40)"
    assert table.loc["b", "view before negative, % ↑"] == "50"
    assert table.loc["a", "relative ↓"] == "0.20 (0.20 to 0.20)"


def test_every_seed_must_agree():
    rows = [row("a", 0, 0.2), row("a", 1, 0.4), row("b", 0, 0.5), row("b", 1, 0.3)]
    assert geometry_table.everywhere(rows[:3], "distances", "told", "a", "b")  # of the one seed that both have
    assert not geometry_table.everywhere(rows, "distances", "told", "a", "b")
    assert not geometry_table.everywhere(rows, "distances", "told", "a", "c")


def test_provenance_says_what_was_run():
    assert geometry_table.provenance([]).startswith("**Recorded: nothing yet.**")
    said = geometry_table.provenance([row("a", 0, 0.2), row("a", 1, 0.4)])
    assert "2026-01-02" in said
    assert (
        "2 rows, seeds 0, 1. Every training takes 9 steps, 1 times over 40 reviews; 12 sentences are held out." in said
    )


def test_a_row_is_measured_once(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(recorded, "measure", lambda plan, form, seed: made.append(form) or row(form, seed, 0.1))
    monkeypatch.setattr(recording.rows, "provenance", lambda device: {"device": device})
    for _ in range(2):
        recorded.main(tmp_path / "geometry.jsonl", "0,1")
    assert made == 2 * [recorded.BEFORE, *courses.FORMS]

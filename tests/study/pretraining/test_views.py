"""The study of views and negatives: equal passes, probes by loops, climbs, recorded rows."""

from dataclasses import replace

import pytest
import torch

from robustlab.corpora.lexicon import FAMILIES
from robustlab.study.pretraining import climbs, courses, geometry_table, probes, recording, views, views_table

SHORT = replace(
    views.PLAN,
    texts=130,
    held_out=8,
    recipe=replace(views.PLAN.recipe, epochs=1, log_every=1),
)


@pytest.fixture(scope="module")
def encoder():
    return courses.fresh(SHORT)


@pytest.fixture(scope="module")
def held():
    return courses.held_out(SHORT)


def test_the_halves_share_no_word_and_keep_opposites_together():
    one, other = views.halves()
    assert not set(one) & set(other)
    assert min(len(one), len(other)) > 60
    by_name = {family.name: family for family in FAMILIES}
    for family in FAMILIES:
        if family.name.endswith("+"):
            opposite = by_name[f"{family.name[:-1]}-"]
            sides = [{word in one for word in words.words if word in {*one, *other}} for words in (family, opposite)]
            assert sides[0] == sides[1]
            assert len(sides[0]) == 1


def test_every_form_has_as_many_passes(held, monkeypatch):
    wanted, seen = views.passes(courses.FORMS[courses.TEXT]()) * SHORT.texts, []
    monkeypatch.setattr(courses, "taught", lambda plan, method, held, **more: seen.append((plan, method, more)))
    for name, form in views.forms().items():
        views.course(SHORT, form, held)
        plan, method, more = seen[-1]
        read = plan.recipe.epochs * more["share"] * plan.texts
        saved = 12 / 15 if name == views.NONE else 1  # it reads a text less, in as many steps
        assert read * views.passes(method) == pytest.approx(saved * wanted), name
        assert more["kinds"] == form.kinds


def test_forms_differ_in_what_they_say():
    forms = views.forms()
    assert forms[views.ONLY.format("antonym")].kinds == ("antonym",)
    assert forms[views.WITHOUT.format("antonym")].kinds == ("negation", "swapped slot")
    assert forms[views.WEIGHT.format(16)].method().objective.engine.hard_weight == 16
    assert not forms[views.NONE].method().objective.hard
    assert forms[views.FAR].method().ascent.step_size == views.REACH


def test_a_share_of_the_rows_is_read(held):
    taught = courses.taught(SHORT, courses.FORMS[courses.WORDS](), held, share=0.5)
    assert taught.steps == 2  # of four batches
    with pytest.raises(ValueError, match="share must be above 0 and at most 1, got 0"):
        courses.taught(SHORT, courses.FORMS[courses.WORDS](), held, share=0)


def test_probes_by_loops(monkeypatch):
    texts = [courses.Held(f"t{i}", f"v{i}", "", "", "", 0) for i in range(5)]
    made = probes.Probe(
        {"form": ["f0", None, "f2", "f3", None], "never": [None] * 5}, {"negation": [None, "n1", "n2", "n3", "n4"]}
    )
    generator = torch.Generator().manual_seed(0)
    names = [f"{kind}{i}" for kind in "tvfn" for i in range(5)]
    vectors = {name: torch.randn(4, generator=generator, dtype=torch.float64) for name in names}
    monkeypatch.setattr(probes, "represent", lambda encoder, asked: torch.stack([vectors[text] for text in asked]))
    monkeypatch.setattr(probes, "offset_distance", lambda encoder, held: torch.tensor(0.25))

    def apart(one, other):
        a, b = vectors[one] / vectors[one].norm(), vectors[other] / vectors[other].norm()
        return float((a - b) @ (a - b))

    others = sum(apart(f"t{i}", f"t{j}") for i in range(5) for j in range(5) if i != j) / 20
    found = probes.measured(None, texts, made)
    assert found["changes"]["form"] == pytest.approx(sum(apart(f"t{i}", f"f{i}") for i in (0, 2, 3)) / 3 / others)
    assert found["changes"][probes.OFFSET] == pytest.approx(0.25 / others)
    assert found["negatives"]["negation"] == pytest.approx(
        sum(apart(f"t{i}", f"n{i}") for i in range(1, 5)) / 4 / others
    )
    told = [apart(f"t{i}", f"v{i}") < apart(f"t{i}", f"n{i}") for i in range(1, 5)]
    assert found["told"] == {"negation": pytest.approx(sum(told) / 4)}
    assert found["counts"] == {"form": 3, "never": 0, "negation": 4}


def test_probes_change_sentences_or_leave_them_out(held):
    made = probes.probe(held, views.changes())
    for name, change in views.changes().items():
        for number, (one, other) in enumerate(zip(held, made.changes[name], strict=True)):
            assert other == (written if (written := change(one.text, 0, number)) != one.text else None)
    one, other = views.halves()
    for text, changed in zip(held, made.changes[views.HALF], strict=True):
        pairs = zip(text.text.split(), (changed or text.text).split(), strict=True)
        assert not [pair for pair in pairs if pair[0] != pair[1] and {*pair} & set(other)]


def test_an_adversarial_offset_moves_further_than_a_shorter_one(encoder, held):
    near, far = (float(probes.offset_distance(encoder, held, radius=radius)) for radius in (0.05, 0.2))
    assert 0 < near < far


def test_climbs_start_at_one_place_and_are_as_long_as_their_steps(encoder, held):
    texts = [one.text for one in held]
    found = climbs.climbs(encoder, texts, step_size=0.02, steps=3, draws=2)
    (landscape,) = probes.landscapes(encoder, texts)
    clean = float(landscape.loss().mean())
    for climb in found.values():
        assert climb.losses[0] == pytest.approx(clean, abs=1e-5)
        assert climb.lengths[:2] == pytest.approx([0, 0.02], abs=1e-4)
        assert climb.lengths[-1] <= 0.06 + 1e-4
    assert found[climbs.RANDOM].lengths == pytest.approx([0, 0.02, 0.04, 0.06], abs=1e-4)
    rises = {rule: climb.losses[-1] - clean for rule, climb in found.items()}
    assert all(rises[rule] > 5 * abs(rises[climbs.RANDOM]) for rule in climbs.RULES)


def test_a_synonym_is_as_far_as_its_embedding(encoder):
    table = encoder.model.get_input_embeddings().weight.detach()
    one, other = (encoder.tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in ("good", "fine"))
    expected = float((table[one] - table[other]).norm() / table[one].norm())
    pairs = [("good", "fine"), ("good", "incomprehensibilities")]
    assert climbs.synonym_distance(encoder, pairs) == pytest.approx(expected)
    with pytest.raises(ValueError, match="none of 1 pairs has two words that the tokenizer has whole"):
        climbs.synonym_distance(encoder, pairs[1:])


def row(form, seed, value):
    part = dict.fromkeys((*views_table.CHANGES, views.ALL), value)
    kinds = dict.fromkeys(("negation", "antonym", "swapped slot"), value)
    given = {"steps": 9 + seed, "epochs": 1, "texts": 40, "held_out": 12}
    given |= {"date": "2026-01-02", "device": "cpu", "commit": "ab"}
    return {
        **{"form": form, "seed": seed, "changes": part, "negatives": kinds, "told": kinds},
        **{"geometry": {"uniformity": -value}, **given},
    }


def test_matrices_are_means_over_seeds():
    rows = [row("a", 0, 0.2), row("a", 1, 0.4), row("b", 0, 0.5)]
    found = views_table.matrix(rows, "told", ("antonym",), {"b": "B", "a": "A"}, scale=100)
    assert {name: line["antonym"] for name, line in found.items()} == {"B": 50, "A": pytest.approx(30)}
    assert list(found) == ["B", "A"]
    with pytest.raises(KeyError, match="c"):
        views_table.matrix(rows, "told", ("antonym",), ("c",))


def test_what_carries_over_is_a_share_of_what_is_gained():
    rows = [row("none", 0, 0.5), row("a", 0, 0.4), row("own", 0, 0.1)]
    given = {"own": "own", "kind": "antonym", "without": "none"}
    assert views_table.carried(rows, "told", "a", **given) == pytest.approx(0.25)
    assert views_table.carried(rows, "told", "own", **given) == pytest.approx(1)
    assert views_table.carried(rows, "told", "none", **given) == 0


def test_weights_have_a_line_each():
    names = (views.NONE, views.ALL, *(views.WEIGHT.format(weight) for weight in views.WEIGHTS))
    table = views_table.weights([row(name, seed, 0.1 * (seed + 1)) for name in names for seed in (0, 1)])
    assert list(table.index) == ["β = 0", "β = 1", "β = 4", "β = 16"]
    assert table.loc["β = 4", "negation, told %"] == "15 (10 to 20)"
    assert table.loc["β = 4", "distance of a view"] == "0.15 (0.10 to 0.20)"


def test_rows_and_columns_of_the_matrices_are_forms_and_kinds():
    known = {*views.forms(), views.geometry.BEFORE}
    assert {*views_table.VIEWS, *views_table.NEGATIVES} <= known
    assert all(one in views_table.VIEWS and kind in views_table.CHANGES for one, kind in views_table.LEARNED)
    assert all(one in views_table.NEGATIVES.values() for one, _ in views_table.TOLD)


def test_provenance_of_trainings_of_different_length():
    said = geometry_table.provenance([row("a", 0, 0.2), row("a", 1, 0.4)], "views")
    assert "Trainings take 9 to 10 steps over 40 reviews; 12 sentences are held out." in said
    assert "pretraining/views.jsonl" in geometry_table.provenance([], "views")


def test_a_row_is_measured_once(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(views, "measure", lambda plan, form, seed: made.append((form, seed)) or row(form, seed, 0.1))
    monkeypatch.setattr(recording.rows, "provenance", lambda device: {"device": device})
    for seeds in ("0", "0,1"):
        views.main(tmp_path / "views.jsonl", seeds)
    names = [views.geometry.BEFORE, *views.forms()]
    assert made == [(name, seed) for seed in (0, 1) for name in names]

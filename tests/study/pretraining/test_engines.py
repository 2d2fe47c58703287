"""The study of engines: what a form costs and how often it reads, ageing, what graphs keep, gradients of processes."""

from dataclasses import replace

import pytest
import torch

from robustlab.contrastive import InBatch, MemoryBank, MomentumQueue, Prototypes
from robustlab.models.encoders import represent
from robustlab.study.pretraining import courses, engine_costs, engines_table, processes
from robustlab.study.pretraining import engine_forms as forms
from robustlab.study.pretraining import engines as recorded
from robustlab.study.pretraining.ageing import Ageing

SHORT = replace(recorded.PLAN, texts=130, held_out=8, looks=2)


@pytest.fixture(scope="module")
def held():
    return courses.held_out(SHORT)


@pytest.fixture(scope="module")
def encoder():
    return courses.fresh(SHORT)


def test_all_forms_spend_what_they_may_and_hardly_less():
    for form in forms.FORMS.values():
        epochs, kept, steps = forms.pace(form, recorded.SENTENCES, recorded.PASSES)
        assert steps * form.step == epochs * kept
        spent = (steps * form.step * form.units + kept * form.before) / recorded.SENTENCES
        assert 0.98 * recorded.PASSES < spent <= recorded.PASSES


def test_what_forms_cost_and_are():
    units = {name: form.units for name, form in forms.FORMS.items()}
    assert {units[name] for name in (forms.SMALL, forms.MIDDLE, forms.LARGE, forms.ADDED, forms.BANK)} == {6}
    assert (units[forms.CACHED], units[forms.QUEUE], units[forms.CLUSTERS]) == (8, 4, 7)
    kinds = {forms.SMALL: InBatch, forms.QUEUE: MomentumQueue, forms.BANK: MemoryBank, forms.CLUSTERS: Prototypes}
    for name, kind in kinds.items():
        objective = forms.FORMS[name].method(256, 16).objective
        assert isinstance(objective.engine, kind)
        assert (objective.view, objective.hard, objective.scales.documents) == ("text", False, 0)
    assert forms.FORMS[forms.FAST].method(256, 16).objective.momentum == 0.9


def test_a_budget_below_a_step_is_refused():
    with pytest.raises(ValueError, match=r"expected at least one step of 64 sentences, got 20\.0 readings"):
        forms.pace(forms.FORMS[forms.LARGE], 60, 2)


def test_no_two_sentences_are_equal():
    texts = forms.distinct(SHORT, 60)
    assert len({text.lower() for (text,) in texts}) == len(texts) == 60
    with pytest.raises(ValueError, match="expected 100000 different sentences in 130 texts, found"):
        forms.distinct(SHORT, 100000)


def test_a_course_spends_its_passes_and_ages(held):
    made = {}

    def watch(encoder, steps):
        made["steps"] = steps
        made["ageing"] = Ageing(encoder, [one.text for one in held], (0.0, 0.9), at=6, ages=(1, 4))
        return [made["ageing"]]

    taught = forms.course(SHORT, forms.FORMS[forms.SMALL], held, sentences=32, passes=12, callbacks=watch)
    assert taught.steps == made["steps"] == 8
    itself, slow = made["ageing"].found().values()
    assert itself.lag == pytest.approx(0, abs=1e-6)
    assert 0 < itself.drift[1] < itself.drift[4]
    assert 0 < slow.drift[1] < itself.drift[1]
    assert slow.lag > 0


def test_ageing_by_loops(encoder, held):
    texts = [one.text for one in held]
    ageing = Ageing(encoder, texts, (0.5,), at=3, ages=(2,))

    class At:
        global_step = 0

    before = {name: value.clone() for name, value in encoder.model.state_dict().items()}
    with torch.no_grad():
        expected, then = [value.clone() for value in encoder.model.parameters()], None
        for step in range(1, 4):
            At.global_step = step
            for parameter in encoder.model.parameters():
                parameter.add_(0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(step)))
            ageing.on_step_end(None, At, None)
            expected = [(a + b) / 2 for a, b in zip(expected, encoder.model.parameters(), strict=True)]
            read = represent(encoder._replace(model=ageing.copies[0.5].copy), texts)
            then = read if step == 1 else then
    for mine, theirs in zip(ageing.copies[0.5].copy.parameters(), expected, strict=True):
        torch.testing.assert_close(mine, theirs)
    now, then, learned = (x / x.norm(dim=1, keepdim=True) for x in (read, then, represent(encoder, texts)))
    n = len(texts)

    def relative(a, b):
        near = sum(float((a[i] - b[i]) @ (a[i] - b[i])) for i in range(n)) / n
        apart = [float((a[i] - a[j]) @ (a[i] - a[j])) for i in range(n) for j in range(n) if i != j]
        return near / (sum(apart) / len(apart))

    found = ageing.found()[0.5]
    assert found.drift == {2: pytest.approx(relative(now, then), rel=1e-3)}
    assert found.lag == pytest.approx(relative(learned, now), rel=1e-3)
    encoder.model.load_state_dict(before)


def test_ageing_refuses_what_it_cannot_see(encoder):
    with pytest.raises(ValueError, match="nothing is 128 steps old at step 100"):
        Ageing(encoder, ["one", "two"], (0.0,), at=100)
    with pytest.raises(ValueError, match="the training had not come to step 200"):
        Ageing(encoder, ["one", "two"], (0.0,), at=200).found()


def test_the_ledger_adds_up_what_is_kept_once():
    layer = torch.nn.Linear(6, 3, bias=False).double()
    x = torch.randn(5, 6, dtype=torch.float64)
    with engine_costs.Ledger(layer) as ledger:
        y = layer(x)  # keeps x, for the weights; the weights are there anyway
        assert ledger.now == 5 * 6 * 8
        z = y.tanh()  # keeps its result
        layer(x)  # let go at once, and x is held already
        assert ledger.now == ledger.peak == (5 * 6 + 5 * 3) * 8
        z.sum().backward()
    del y, z
    assert (ledger.now, ledger.peak) == (0, (5 * 6 + 5 * 3) * 8)


def test_chunks_keep_less_and_cost_a_forward_more(encoder):
    texts = [text for (text,) in forms.distinct(SHORT, 128)]
    small = {"whole": replace(forms.FORMS[forms.SMALL], batch=32)}
    small["cached"] = replace(small["whole"], chunk=8)
    peaks = {name: engine_costs.peak(form, encoder, texts) for name, form in small.items()}
    assert peaks["cached"] < peaks["whole"] / 2
    small |= {"queue": replace(forms.FORMS[forms.SHORT], batch=32), "bank": forms.FORMS[forms.BANK]}
    small |= {"prototypes": replace(forms.FORMS[forms.CLUSTERS], batch=32)}
    for one in engine_costs.counted(small, encoder, texts).values():
        assert one.counted == pytest.approx(one.units, rel=0.03)
    assert not encoder.model.training


def views(n=12):
    generator = torch.Generator().manual_seed(0)
    drawn = (torch.randn(n, 5, generator=generator, dtype=torch.float64) for _ in range(2))
    return processes.Views(*(x / x.norm(dim=1, keepdim=True) for x in drawn))


def test_processes_that_exchange_gradients_are_one_process():
    for mine, theirs in zip(
        processes.exchanged(views(), 4, temperature=0.2, how="with gradients"),
        processes.alone(views(), temperature=0.2),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-14)


def test_constants_and_all_anchors_are_a_share_of_it():
    for mine, theirs in zip(
        processes.exchanged(views(), 4, temperature=0.2, how="constants, all anchors"),
        processes.alone(views(), temperature=0.2),
        strict=True,
    ):
        torch.testing.assert_close(4 * mine, theirs, rtol=0, atol=1e-14)


def test_constants_and_own_anchors_lose_the_pushes_of_the_others():
    given, n, tau = views(), 12, 0.2
    found = processes.exchanged(given, 4, temperature=tau, how="constants, own anchors")
    torch.testing.assert_close(found.one, processes.alone(given, temperature=tau).one, rtol=0, atol=1e-14)
    for j in range(n):
        total = torch.zeros(5, dtype=torch.float64)
        for i in range(n):
            scores = [(given.one[i] @ given.other[k] / tau).exp() for k in range(n)]
            p = scores[j] / sum(scores)
            if i // 3 == j // 3:
                total += (p - float(i == j)) * given.one[i] / (n * tau)
        total -= (total @ given.other[j]) * given.other[j]
        torch.testing.assert_close(found.other[j], total, rtol=0, atol=1e-14)
    formula = processes.pushes(given, temperature=tau, counts=lambda i, j: i // 3 == j // 3)
    torch.testing.assert_close(formula, found.other, rtol=0, atol=1e-14)


def test_rows_must_be_shared_out_evenly():
    with pytest.raises(ValueError, match="expected rows that 5 processes can share evenly, got 12"):
        processes.exchanged(views(), 5, temperature=0.2, how="with gradients")


def row(form, seed, near, told=0.5, steps=8):
    look = {"alignment": 0.1, "relative_alignment": near, "uniformity": -1.0, "effective_rank": 30.0}
    distances = dict.fromkeys(("view", "form", "words", "negative", "neighbour"), 0.5) | {"told": told}
    given = {"passes": 6, "sentences": 40, "held_out": 12, "date": "2026-01-02", "device": "cpu", "commit": "ab"}
    looks = {"0": look | {"relative_alignment": 1.0}, "4": look | {"relative_alignment": 2 * near}, "8": look}
    return {
        "form": form,
        "seed": seed,
        "steps": steps,
        "geometry": look,
        "distances": distances,
        "looks": looks,
    } | given


ROWS = [row("a", 0, 0.2, 0.4), row("a", 1, 0.4, 0.6), row("b", 0, 0.1), row("b", 1, 0.35)]


def test_tables_and_curves():
    table = engines_table.table(ROWS)
    assert table.loc["a", "relative alignment ↓"] == "0.300 (0.200 to 0.400)"
    assert table.loc["a", "view before negative, % ↑"] == "50 (40 to 60)"
    assert table.loc["b", "steps"] == 8
    assert engines_table.curves(ROWS, "relative_alignment", ["a"]) == {
        "a": {0: 1.0, 3: pytest.approx(0.6), 6: pytest.approx(0.3)}
    }


def test_a_form_that_has_collapsed_has_no_distances():
    rows = [*ROWS, row("c", 0, float("nan"), 0.5), row("c", 1, 0.2, 0.5)]
    assert engines_table.collapsed(rows) == ["c"]
    table = engines_table.table(rows)
    assert list(table.loc["c"]) == [8, *["collapsed"] * 4]
    assert engines_table.measured(rows, "distances", "told")["a"] == [0.4, 0.6]
    assert all(value != value for value in engines_table.measured(rows, "distances", "told")["c"])


def test_a_bank_is_filled_before_the_first_step(held, monkeypatch):
    seen = {}
    monkeypatch.setattr(
        forms.courses, "followed", lambda *given, callbacks, **more: seen.update(given=given, c=callbacks)
    )
    forms.course(SHORT, forms.FORMS[forms.COLD], held, sentences=64, passes=12)
    assert seen["c"] == []
    forms.course(SHORT, forms.FORMS[forms.BANK], held, sentences=64, passes=13)
    _, method, encoder, rows, _ = seen["given"]
    (fill,) = seen["c"]
    fill.on_train_begin(None, None, None)
    engine = method.objective.engine
    assert bool(engine.filled.all())
    assert len(engine.bank) == len(rows) == 64
    texts = [text for (text,) in forms.distinct(SHORT, 64)]
    read = represent(encoder, texts)
    torch.testing.assert_close(engine.bank, read / read.norm(dim=1, keepdim=True), rtol=0, atol=1e-5)
    engine.bank.zero_()
    fill.on_train_begin(None, None, None)  # resumed: it is there already
    assert not engine.bank.any()


def test_differences_are_taken_seed_by_seed():
    found = engines_table.difference(ROWS, "geometry", "relative_alignment", "a", "b")
    half = 12.7062 * (0.05 / 2**0.5) / 2**0.5  # t of one degree of freedom, and the deviation of .1 and .05
    assert found == pytest.approx((0.075, 0.075 - half, 0.075 + half), abs=1e-4)
    assert not engines_table.decided(found)
    assert engines_table.decided(found._replace(low=0.01))
    with pytest.raises(ValueError, match="expected at least 2 seeds of both 'a' and 'c', found 0"):
        engines_table.difference(ROWS, "geometry", "relative_alignment", "a", "c")


def test_pairs_have_a_star_where_the_seeds_agree():
    rows = [*ROWS, row("b", 2, 0.2), row("a", 2, 0.275), row("c", 0, 0.3), row("c", 1, 0.5), row("c", 2, 0.376)]
    table = engines_table.compared(rows, {"more": ("c", "a"), "the like": ("a", "b")})
    near = table["relative alignment ↓"]
    assert near["more"].startswith("+0.100 (")
    assert near["more"].endswith(" *")
    assert near["the like"] == "+0.075 (+0.013 to +0.137) *"  # t of two degrees of freedom is 4.303
    assert table.loc["the like", "view before negative, points ↑"] == "+0 (-25 to +25)"


def test_provenance_says_what_was_run():
    assert engines_table.provenance([]).startswith("**Recorded: nothing yet.**")
    said = engines_table.provenance(ROWS)
    assert "4 rows, seeds 0, 1. Every form spends 6 passes on each of 40 sentences; 12 others are held out." in said


def test_a_row_is_measured_once(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(recorded, "measure", lambda plan, form, seed: made.append(form) or row(form, seed, 0.1))
    for _ in range(2):
        recorded.main(tmp_path / "engines.jsonl", "0,1")
    assert made == 2 * [recorded.BEFORE, *forms.FORMS]


def test_a_row_says_what_was_spent():
    made = recorded.measure(SHORT, forms.QUEUE, 0, sentences=32, passes=8)
    assert (made["units"], made["step"], made["epochs"], made["kept"], made["steps"]) == (4, 8, 2, 32, 8)
    assert next(iter(made["looks"])) == 0
    assert list(made["looks"])[-1] == 8
    assert recorded.measure(SHORT, recorded.BEFORE, 0)["steps"] == 0

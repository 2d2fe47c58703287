"""The sum of the scales against its parts, made by hand from plain forwards of the encoder."""

import inspect
from dataclasses import asdict

import pytest
import torch
import torch.nn.functional as F

from robustlab import methods
from robustlab.ascent import Rest
from robustlab.contrastive import nt_xent, token_contrast
from robustlab.contrastive.engines import InBatch, MemoryBank, MomentumQueue
from robustlab.landscape import TransformerLandscape
from robustlab.methods import Method
from robustlab.methods.pretraining import multi_scale
from robustlab.objective import multi_scale as module
from robustlab.objective.multi_scale import MultiScale
from robustlab.objective.scales import Scales
from robustlab.randomness import ExampleGenerators
from robustlab.training.sentence_batches import sentences_of
from tests.contrastive.sentences import DOCUMENTS, MASKING, THERE, batch, encoder, text

WEIGHTS = {"words": 0.7, "tokens": 0.3, "replaced": 0.0, "sentences": 1.3, "documents": 0.4}


def place(model=None, seed: int = 3):
    given = {"temperature": 0.1, "noise": "same", "seed": seed, "generator": ExampleGenerators(range(6), 0)}
    return sentences_of(model or encoder(), batch(), masking=MASKING, **given)


def built(landscape, **given) -> Method:
    weights = {name: given.pop(name) for name in WEIGHTS if name in given} if given.keys() & WEIGHTS.keys() else WEIGHTS
    off = dict.fromkeys(WEIGHTS, 0.0)
    method = multi_scale(**(off | weights), **({"view": "text", "temperature": 0.1} | given))
    method.prepare([landscape], learning_rate=1e-3)
    return method.double()


def states(model, inputs) -> torch.Tensor:
    return model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).last_hidden_state


def mean(hidden, inputs) -> torch.Tensor:
    return torch.stack([row[: int(n)].mean(0) for row, n in zip(hidden, inputs["attention_mask"].sum(1), strict=True)])


def by_hand(method, landscape) -> dict[str, torch.Tensor]:
    model, found = landscape.model, {}
    hidden = states(model, landscape.batch)
    z, view, negative = (
        mean(states(model, one), one)
        for one in (landscape.batch, text(1, (4, 6, 6, 5, 5, 4)), text(2, (4, 6, 6, 5, 5, 4)))
    )
    masked = landscape.companions["masked"].batch
    head, table, words = method.objective.inner["words"], model.get_input_embeddings().weight, []
    seen = states(model, masked)
    for row, labels in zip(seen, masked["labels"], strict=True):
        losses = [
            F.cross_entropy(head.norm(F.gelu(head.dense(h))) @ table.T + head.bias, label)
            for h, label in zip(row, labels, strict=True)
            if label >= 0
        ]
        words.append(sum(losses) / len(losses))
    found["words"] = sum(words) / len(words)
    found["tokens"] = token_contrast(hidden, seen, landscape.attention, temperature=0.05, across="example").mean()
    there = torch.tensor(THERE)
    found["sentences"] = nt_xent(z, view, temperature=0.1, negatives=negative, there=there).mean()
    halves, begin = [], 0
    for n in DOCUMENTS:
        rows = range(begin, begin + n)
        begin += n
        if n > 1:
            early, late = list(rows)[: n // 2], list(rows)[n // 2 :]
            hard = next((row for row in late if THERE[row]), None)
            said = [negative[row] if row == hard else z[row] for row in late]
            halves.append((z[early].mean(0), z[late].mean(0), sum(said) / len(said), hard is not None))
    first, second, contradicted, has = zip(*halves, strict=True)
    found["documents"] = nt_xent(
        torch.stack(first),
        torch.stack(second),
        temperature=0.1,
        negatives=torch.stack(contradicted),
        there=torch.tensor(has),
    ).mean()
    return found


def gradients(value: torch.Tensor, landscape, method) -> list[torch.Tensor | None]:
    weights = [*landscape.model.parameters(), *method.parameters()]
    return list(
        torch.autograd.grad(value, [w for w in weights if w.requires_grad], allow_unused=True, retain_graph=True)
    )


def test_it_is_the_weighted_sum_of_its_scales() -> None:
    landscape = place(encoder().eval())
    method = built(landscape)
    (term,) = list(method.terms(landscape))
    parts = by_hand(method, landscape)
    expected = sum(WEIGHTS[name] * part for name, part in parts.items())
    torch.testing.assert_close(term, expected, rtol=1e-10, atol=1e-12)
    for mine, theirs in zip(gradients(term, landscape, method), gradients(expected, landscape, method), strict=True):
        assert (mine is None) == (theirs is None)
        if mine is not None:
            torch.testing.assert_close(mine, theirs, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("name", ["words", "tokens", "sentences", "documents"])
def test_each_scale_alone(name: str) -> None:
    landscape = place(encoder().eval())
    everything = built(landscape)
    alone = built(landscape, **{name: 2.0})
    if alone.objective.inner is not None and "words" in alone.objective.inner:
        alone.objective.inner["words"].load_state_dict(everything.objective.inner["words"].state_dict())
    (term,) = list(alone.terms(landscape))
    torch.testing.assert_close(term, 2 * by_hand(everything, landscape)[name], rtol=1e-10, atol=1e-12)


def test_replaced_words_are_drawn_at_the_masked_places_and_told_apart() -> None:
    landscape = place(encoder().eval())
    method = built(landscape, replaced=1.0)
    read = []
    handle = landscape.model.register_forward_pre_hook(lambda m, a, k: read.append(k["input_ids"]), with_kwargs=True)
    (term,) = list(method.terms(landscape))
    handle.remove()
    written, ids = read[-1], landscape.batch["input_ids"]
    places = landscape.companions["masked"].batch["labels"] >= 0
    changed = written != ids
    assert changed.any()
    assert not (changed & ~places).any()
    head = method.objective.inner["replaced"]
    hidden = states(landscape.model, {"input_ids": written, "attention_mask": landscape.attention})
    logits = head.out(F.gelu(head.dense(hidden))).squeeze(-1)
    rows = [
        sum(F.binary_cross_entropy_with_logits(x, c.double()) for x, c, m in zip(*row, strict=True) if m) / row[2].sum()
        for row in zip(logits, changed, landscape.attention, strict=True)
    ]
    torch.testing.assert_close(term, sum(rows) / len(rows), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "weights", [{"words": 1.0}, {"tokens": 1.0}, {"sentences": 1.0}, {"documents": 1.0}, {"replaced": 1.0}, WEIGHTS]
)
@pytest.mark.parametrize("hard", [True, False])
def test_it_reads_no_text_that_no_scale_needs(weights: dict[str, float], hard: bool) -> None:
    landscape = place(encoder().eval())
    method = built(landscape, hard=hard, **weights)
    read = []
    handle = landscape.model.register_forward_hook(lambda *_: read.append(1))
    list(method.terms(landscape))
    handle.remove()
    assert 3 * len(read) == method.objective.units(method.ascent)


def test_chunks_have_the_gradients_of_the_batch() -> None:
    landscape = place(encoder().eval())
    whole, parts = built(landscape), built(landscape, chunk=4)
    parts.objective.inner.load_state_dict(whole.objective.inner.state_dict())
    (term,) = list(whole.terms(landscape))
    wanted = gradients(term, landscape, whole)
    for parameter in [*landscape.model.parameters(), *parts.parameters()]:
        parameter.grad = None
    total = torch.zeros((), dtype=torch.float64)
    terms = parts.terms(landscape)
    for one in terms:
        one.backward()
        total = total + one.detach()
    torch.testing.assert_close(total, term.detach(), rtol=1e-12, atol=0)
    found = [p.grad for p in [*landscape.model.parameters(), *parts.parameters()]]
    for mine, theirs in zip(found, wanted, strict=True):
        torch.testing.assert_close(
            torch.zeros(1) if mine is None else mine,
            torch.zeros(1) if theirs is None else theirs,
            rtol=1e-8,
            atol=1e-12,
        )


def test_chunks_replay_dropout_and_their_own_drawn_words(monkeypatch) -> None:
    landscape = place(encoder(dropout=0.3).train())
    method = built(landscape, chunk=2, replaced=1.0, sentences=1.0, view="dropout")

    def gather(terms) -> list[torch.Tensor]:
        landscape.model.zero_grad()
        for one in terms:
            one.backward()
        return [p.grad.clone() for p in landscape.model.parameters() if p.grad is not None]

    cached = gather(method.terms(landscape))

    def at_once(encode, chunks, loss):
        yield loss(*(torch.cat(slot) for slot in zip(*(encode(chunk) for chunk in chunks), strict=True)))

    monkeypatch.setattr(module, "cached_terms", at_once)
    for mine, theirs in zip(cached, gather(method.terms(landscape)), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-8, atol=1e-12)


def test_dropout_views_differ_by_their_masks_alone() -> None:
    landscape = place(encoder(dropout=0.3).train())
    method = built(landscape, sentences=1.0, view="dropout", hard=False)
    (term,) = list(method.terms(landscape))
    expected = nt_xent(landscape.features(), landscape.redrawn().features(), temperature=0.1).mean()
    torch.testing.assert_close(term, expected)


def test_adversarial_views_are_harder_than_the_sentences_themselves() -> None:
    landscape = place(encoder().eval())
    method = built(landscape, sentences=1.0, view="adversarial", steps=2, radius=0.2, step_size=0.2, hard=False)
    (term,) = list(method.terms(landscape, generator=torch.Generator().manual_seed(0)))
    at_rest = nt_xent(landscape.features(), landscape.features(), temperature=0.1).mean()
    assert term > at_rest
    assert method.objective.units(method.ascent) == 6 + 4


def test_a_queue_gets_its_positives_from_a_slow_copy() -> None:
    landscape = place(encoder().eval())
    method = built(landscape, sentences=1.0, engine=MomentumQueue(16, 12, 0.1).double())
    slow = method.objective.inner["momentum"].model
    with torch.no_grad():
        for parameter in landscape.model.parameters():
            parameter.add_(
                0.01 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)).to(parameter)
            )
    next(method.terms(landscape)).backward()
    assert all(parameter.grad is None for parameter in slow.parameters())
    method.after_step()
    keys = mean(states(encoder().eval(), text(1, (4, 6, 6, 5, 5, 4))), text(1, (4, 6, 6, 5, 5, 4)))
    torch.testing.assert_close(method.objective.engine.queue[:6], F.normalize(keys, dim=1), rtol=1e-6, atol=1e-8)
    before = [p.clone() for p in encoder().parameters()]
    for mine, old, new in zip(slow.parameters(), before, landscape.model.parameters(), strict=True):
        torch.testing.assert_close(mine, 0.999 * old + 0.001 * new)


def test_the_slow_copy_follows_as_fast_as_it_is_told() -> None:
    landscape = place(encoder().eval())
    method = built(landscape, sentences=1.0, engine=MomentumQueue(16, 12, 0.1).double(), momentum=0.5)
    with torch.no_grad():
        for parameter in landscape.model.parameters():
            parameter.add_(1.0)
    method.after_step()
    slow = method.objective.inner["momentum"].model
    for mine, old in zip(slow.parameters(), encoder().parameters(), strict=True):
        torch.testing.assert_close(mine, old + 0.5)


def test_its_state_comes_back_before_the_heads_are_made() -> None:
    landscape = place(encoder().eval())
    method = built(landscape, engine=MomentumQueue(16, 12, 0.1).double())
    next(method.terms(landscape)).backward()
    method.after_step()
    other = multi_scale(**WEIGHTS, view="text", engine=MomentumQueue(16, 12, 0.1).double())
    other.load_state_dict(method.state_dict())
    other.prepare([landscape], learning_rate=1e-3)
    for name, value in method.state_dict().items():
        torch.testing.assert_close(other.double().state_dict()[name], value, rtol=1e-6, atol=1e-7)


def test_the_heads_learn_at_a_rate_of_their_own_and_the_slow_copy_does_not() -> None:
    landscape = place(encoder().eval())
    method = built(landscape, engine=MomentumQueue(16, 12, 0.1).double())
    (group,) = method.parameter_groups()
    heads = {id(p) for p in method.objective.inner["words"].parameters()}
    assert {id(p) for p in group["params"]} == heads
    assert group["lr"] == 1e-3


def test_what_is_told() -> None:
    method = multi_scale(**WEIGHTS, chunk=8)
    told = method.objective.given()
    assert {name: told[name] for name in WEIGHTS} == WEIGHTS
    assert (told["engine"], told["view"], told["chunk"]) == ("InBatch", "dropout", 8)
    assert asdict(Scales()) == asdict(multi_scale().objective.scales)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Scales(words=-1), ValueError, "words must be at least 0, got -1"),
        (
            lambda: Scales(**dict.fromkeys(WEIGHTS, 0.0)),
            ValueError,
            "expected a scale with a positive weight, got none",
        ),
        (lambda: multi_scale(temperature=0.0), ValueError, "temperature must be positive, got 0"),
        (lambda: multi_scale(chunk=0), ValueError, "chunk must be positive, got 0"),
        (
            lambda: inspect.unwrap(MultiScale.__init__)(
                MultiScale.__new__(MultiScale), scales=Scales(), engine=InBatch(0.1), view="echo"
            ),
            ValueError,
            "view must be one of dropout, text, adversarial, got 'echo'",
        ),
        (
            lambda: Method(Rest(), MultiScale(scales=Scales(), engine=InBatch(0.1), view="adversarial")),
            ValueError,
            "an adversarial view is the end of an ascent: got 'adversarial' and 0 steps",
        ),
        (lambda: multi_scale(momentum=1.0), ValueError, r"decay must be at least 0 and below 1, got 1\.0"),
        (
            lambda: list(multi_scale().terms(_classified())),
            TypeError,
            "reads a ContrastiveLandscape, got TransformerLands",
        ),
        (
            lambda: list(built(place(), view="text").terms(_without("view"))),
            ValueError,
            "the batch has no companion 'view'",
        ),
        (
            lambda: list(built(place(), engine=MemoryBank(6, 16, 0.1).double()).terms(place())),
            ValueError,
            "ids must be 0 to 5",
        ),
        (
            lambda: list(built(place(), engine=MomentumQueue(16, 3, 0.1).double()).terms(place())),
            ValueError,
            "queue",
        ),
    ],
)
def test_what_is_refused(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()


def _classified() -> TransformerLandscape:
    return TransformerLandscape(encoder(), text(0))


def _without(name: str):
    landscape = place()
    landscape.companions = {own: one for own, one in landscape.companions.items() if own != name}
    return landscape


def test_it_has_no_name_among_the_methods_of_fine_tuning() -> None:
    assert "multi-scale" not in methods.BY_NAME

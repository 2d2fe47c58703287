"""Engines against a simulation with lists, a step at a time, in float64; what they remember survives a restart."""

import copy
import math

import pytest
import torch
from torch import Tensor

from robustlab.contrastive import InBatch, MemoryBank, MomentumQueue, Prototypes
from robustlab.contrastive.engines import Engine
from robustlab.randomness import key
from tests.contrastive import loops
from tests.contrastive.test_losses import EXISTS, same, vectors

SIZES = (3, 1, 4, 2, 5)
STEPS = 23


def normal(x: Tensor) -> Tensor:
    return x.detach() / x.detach().norm()


def batch(step: int, n: int | None = None) -> tuple[Tensor, Tensor, Tensor]:
    n = n or SIZES[step % len(SIZES)]
    return tuple(vectors(n, 4, seed=100 + 3 * step + view) for view in range(3))


def value(anchor: Tensor, near: Tensor, far: list[Tensor], extra: list, tau: float) -> Tensor:
    past = [(loops.cosine(anchor, one) / tau, 1.0) for one in far]
    return loops.share(loops.cosine(anchor, near) / tau, past + extra)


@pytest.mark.parametrize("symmetric", [True, False])
def test_in_batch_is_the_loss_of_the_batch(symmetric: bool) -> None:
    z, plus, minus = (vectors(5, 4, seed=seed) for seed in range(3))
    engine = InBatch(0.3, hard_weight=2.0, symmetric=symmetric)
    found = engine.loss(z, plus, negatives=minus, there=EXISTS)
    if symmetric:
        both = loops.nt_xent(z, plus, minus, tau=0.3, weight=2.0, there=EXISTS)
        expected = (both[:5] + both[5:]) / 2
    else:
        expected = loops.info_nce(z, plus, minus, tau=0.3, weight=2.0, there=EXISTS)
    same(found, expected, z, plus, minus)
    assert not engine.state_dict()
    assert not engine.needs_momentum


class TestQueue:
    def engine(self, size: int = 7) -> MomentumQueue:
        return MomentumQueue(4, size, 0.2, hard_weight=1.5).double()

    def test_holds_what_a_list_holds(self) -> None:
        """Batches of odd sizes, two losses in some steps, around the ring several times."""
        engine, line = self.engine(), []
        assert engine.needs_momentum
        for step in range(STEPS):
            seen = []
            for micro in range(1 + step % 2):
                z, plus, minus = batch(2 * step + micro)
                hard = {} if step % 3 else {"negatives": minus}
                found = engine.loss(z, plus, **hard)
                expected = []
                for i in range(len(z)):
                    extra = loops.hard(z[i], i, len(z), hard.get("negatives"), 1.5, None, 0.2)
                    expected.append(value(z[i], plus[i].detach(), line, extra, 0.2))
                same(found, torch.stack(expected), z)
                assert torch.autograd.grad(found.sum(), plus, allow_unused=True) == (None,)  # keys are given
                seen += [normal(one) for one in plus]
            engine.after_step()
            line = (line + seen)[-7:]
            assert int(engine.filled) == len(line)
            start = int(engine.place) if len(line) == 7 else 0
            held = engine.queue.roll(-start, 0)[: len(line)]
            torch.testing.assert_close(held, torch.stack(line), rtol=0, atol=1e-15)

    def test_an_empty_queue_has_nothing_to_say(self) -> None:
        z, plus, _ = batch(0)
        found = self.engine().loss(z, plus)
        assert found.tolist() == [0, 0, 0]
        assert not torch.autograd.grad(found.sum(), z)[0].any()

    @pytest.mark.usefixtures("unchecked")
    def test_errors(self) -> None:
        z, plus, _ = batch(2)
        with pytest.raises(ValueError, match="a queue of 3 keys cannot hold a batch of 4 .*make the queue at least 4"):
            self.engine(3).loss(z, plus)
        with pytest.raises(ValueError, match="this engine remembers representations of width 4, got width 3"):
            self.engine().loss(z[:, :3], plus[:, :3])
        with pytest.raises(ValueError, match="size must be positive, got 0"):
            MomentumQueue(4, 0, 0.1)
        with pytest.raises(ValueError, match="temperature must be positive, got 0"):
            MomentumQueue(4, 4, 0)


class TestBank:
    COUNT = 9

    def engine(self, **given: float) -> MemoryBank:
        return MemoryBank(self.COUNT, 4, 0.2, negatives=6, momentum=0.4, hard_weight=1.5, seed=3, **given).double()

    def drawn(self, memory: dict[int, Tensor], example: int, step: int) -> list[int]:
        others = [one for one in sorted(memory) if one != example]
        own = torch.Generator().manual_seed(key(3, "bank", step, example))
        return [others[int(i)] for i in torch.randint(max(len(others), 1), (6,), generator=own)] if others else []

    @pytest.mark.parametrize("symmetric", [False, True])
    def test_holds_what_a_dictionary_holds(self, symmetric: bool) -> None:
        engine, memory = self.engine(symmetric=symmetric), {}
        stream = torch.Generator().manual_seed(0)
        for step in range(STEPS):
            z, plus, minus = batch(step)
            ids = torch.randint(0, self.COUNT, (len(z),), generator=stream)  # an example may stand there twice
            if step == 0:
                ids = torch.tensor([5, 5, 5])  # then the only other entries are one's own
            hard = {} if step % 3 else {"negatives": minus}
            found = engine.loss(z, plus, examples=ids, **hard)
            expected = []
            for i, example in enumerate(ids.tolist()):
                far = [memory[j] for j in self.drawn(memory, example, step)]
                sides = [(z[i], plus[i]), (plus[i], z[i])][: 1 + symmetric]
                each = []
                for anchor, other in sides:
                    extra = loops.hard(anchor, i, len(z), hard.get("negatives"), 1.5, None, 0.2)
                    each.append(value(anchor, memory.get(example, other), far, extra, 0.2))
                expected.append(sum(each) / len(each))
            same(found, torch.stack(expected), *([z, plus] if symmetric else [z]))
            engine.after_step()
            for i, example in enumerate(ids.tolist()):
                new = normal(z[i])
                memory[example] = normal(0.4 * memory[example] + 0.6 * new) if example in memory else new
            assert engine.filled.nonzero().flatten().tolist() == sorted(memory)
            for example, expected_entry in memory.items():
                torch.testing.assert_close(engine.bank[example], expected_entry, rtol=0, atol=1e-14)
        assert len(memory) == self.COUNT

    def test_an_unknown_example_learns_from_its_positive(self) -> None:
        z, plus, _ = batch(0)
        engine = self.engine()
        engine.loss(z, plus, examples=torch.tensor([0, 1, 2]))
        engine.after_step()
        found = engine.loss(z, plus, examples=torch.tensor([0, 8, 2]))
        assert torch.autograd.grad(found.sum(), plus)[0].any(dim=1).tolist() == [False, True, False]

    @pytest.mark.usefixtures("unchecked")
    def test_a_bank_that_is_filled_knows_everybody(self) -> None:
        z, plus, _ = batch(0)
        engine, features = self.engine(), vectors(self.COUNT, 4, seed=7)
        engine.fit(features)
        memory = {example: normal(one) for example, one in enumerate(features)}
        found = engine.loss(z, plus, examples=torch.tensor([0, 8, 2]))
        expected = [
            value(z[i], memory[example], [memory[j] for j in self.drawn(memory, example, 0)], [], 0.2)
            for i, example in enumerate((0, 8, 2))
        ]
        same(found, torch.stack(expected), z)
        with pytest.raises(ValueError, match=r"expected the features of all examples, \[9 4\], got \(8, 4\)"):
            engine.fit(features[:8])

    def test_both_views_learn_where_both_are_anchors(self) -> None:
        z, plus, _ = batch(0)
        engine = self.engine(symmetric=True)
        engine.loss(z, plus, examples=torch.tensor([0, 1, 2]))
        engine.after_step()
        found = engine.loss(z, plus, examples=torch.tensor([0, 1, 2]))
        assert all(found.any(dim=1).all() for found in torch.autograd.grad(found.sum(), (z, plus)))

    @pytest.mark.usefixtures("unchecked")
    def test_errors(self) -> None:
        z, plus, _ = batch(0)
        engine = self.engine()
        with pytest.raises(ValueError, match="this engine remembers examples: pass their ids as examples=…"):
            engine.loss(z, plus)
        with pytest.raises(ValueError, match=r"ids must be 0 to 8, one place an example, got \[9, -1\]"):
            engine.loss(z, plus, examples=torch.tensor([9, 3, -1]))
        with pytest.raises(ValueError, match=r"expected one id for each of 3 anchors, got \(2,\)"):
            engine.loss(z, plus, examples=torch.tensor([1, 2]))
        with pytest.raises(ValueError, match="width 4, got width 2"):
            engine.loss(z[:, :2], plus[:, :2], examples=torch.arange(3))
        with pytest.raises(ValueError, match=r"momentum must be at least 0 and below 1, got 1\.0"):
            MemoryBank(4, 4, 0.1, momentum=1.0)
        with pytest.raises(ValueError, match="negatives must be positive, got 0"):
            MemoryBank(4, 4, 0.1, negatives=0)


def engines() -> dict[str, Engine]:
    made = {
        "queue": MomentumQueue(4, 7, 0.2),
        "bank": MemoryBank(9, 4, 0.2, negatives=5),
        "prototypes": Prototypes((2, 3), 9, 4, 0.2),
    }
    return {name: engine.double() for name, engine in made.items()}


def trained(engine: Engine, steps: range) -> list[Tensor]:
    values = []
    for step in steps:
        z, plus, minus = batch(step, 4)
        ids = (torch.arange(4) + 3 * step) % 9
        values.append(engine.loss(z, plus, examples=ids, negatives=minus).detach())
        engine.after_step()
        if isinstance(engine, Prototypes) and step == 2:
            engine.fit(vectors(9, 4, seed=5))
    return values


@pytest.mark.parametrize("name", engines())
def test_a_restart_goes_on_where_it_was(name: str) -> None:
    whole, first, second = (engines()[name] for _ in range(3))
    expected = trained(whole, range(8))
    found = trained(first, range(5))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    found += trained(second, range(5, 8))
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(found, expected, strict=True))
    for one, other in zip(second.state_dict().values(), whole.state_dict().values(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", engines())
def test_looking_leaves_nothing_behind(name: str) -> None:
    engine, other = engines()[name], engines()[name]
    trained(engine, range(4))
    trained(other, range(4))
    z, plus, minus = batch(9, 4)
    with engine.looking():
        seen = engine.loss(z, plus, examples=torch.arange(4), negatives=minus)
    assert torch.equal(seen, engine.loss(z, plus, examples=torch.arange(4), negatives=minus))
    other.loss(z, plus, examples=torch.arange(4), negatives=minus)
    engine.after_step()
    other.after_step()
    for one, two in zip(engine.state_dict().values(), other.state_dict().values(), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("temperature", [0, -1, math.inf])
def test_temperatures(temperature: float) -> None:
    for make in (
        lambda: InBatch(temperature),
        lambda: MomentumQueue(4, 4, temperature),
        lambda: MemoryBank(4, 4, temperature),
        lambda: Prototypes((2,), 4, 4, temperature),
    ):
        with pytest.raises(ValueError, match=f"temperature must be positive, got {temperature}"):
            make()


def test_one_example_alone() -> None:
    with pytest.raises(ValueError, match="a batch of one has nothing to be far from"):
        InBatch(0.1).loss(vectors(1, 4), vectors(1, 4))

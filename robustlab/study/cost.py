"""What a training step costs: FLOPs counted while it runs, and time measured in turns."""

from __future__ import annotations

import inspect
import json
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from robustlab import methods
from robustlab.evaluation.statistics import Estimate
from robustlab.landscape import TransformerLandscape
from robustlab.methods import Method, costs
from robustlab.training.step import accumulate

RECORDED = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "methods_step.json"
STANDARD = 3  # units of a step of standard training
LEARNING_RATE = 2e-5  # what a method is prepared for; the cost does not depend on it


class Count(NamedTuple):
    """The FLOPs of one method's step, counted.

    Attributes:
        method: Its name.
        formula: Its units as a function of k, at an attention share of 0.
        units: The formula at this k.
        counted: FLOPs in units, where a step of standard training is 3.
        input_only: Backward passes that stopped at the inputs; each costs 1 + a, the attention share more than a unit.
    """

    method: str
    formula: costs.Linear
    units: float
    counted: float
    input_only: float

    def exact(self, share: float) -> float:
        """Units with the attention share counted: its products have two inputs and no weights."""
        return self.units + round(self.input_only) * share


def count(work: Callable[[], object]) -> FlopCounterMode:
    """Count the FLOPs of a call."""
    # The fused attention kernel of the CPU is invisible to the counter; the plain one does the same products.
    counter = FlopCounterMode(display=False)
    with counter, sdpa_kernel(SDPBackend.MATH):
        work()
    return counter


def step_flops(method: Method, landscape: TransformerLandscape) -> int:
    """FLOPs of a training step in the model itself: what networks of the method's own need is left out."""
    counter = count(lambda: accumulate(method, landscape))
    own = {type(module).__name__ for module in method.modules()}
    own -= {type(module).__name__ for module in landscape.model.modules()}  # a mean teacher is a model too
    beside = sum(sum(flops.values()) for name, flops in counter.get_flop_counts().items() if name in own)
    return counter.get_total_flops() - beside


def attention_share(landscape: TransformerLandscape) -> float:
    """a: of the FLOPs of a forward pass, the share in products of two activations, which only attention has."""
    with torch.no_grad():
        counts = count(landscape.loss).get_flop_counts()["Global"]
    batched = sum(flops for operator, flops in counts.items() if "bmm" in str(operator))
    return batched / sum(counts.values())


def with_companion(model: Any, batch: Mapping[str, torch.Tensor]) -> TransformerLandscape:
    """A landscape with a stand-in for the attacked texts: in every place the next word of the vocabulary.

    What the words are makes no difference to the cost; how many there are does.
    """
    ids = batch["input_ids"]
    moved = ((ids + 1) % model.config.vocab_size).where(batch["attention_mask"] > 0, ids)
    attacked = TransformerLandscape(model, {**batch, "input_ids": moved})
    return TransformerLandscape(model, batch, companions={"attacked": attacked})


def build(name: str, steps: int) -> Method:
    """A named method with k steps, where it takes steps, made to do all of its work."""
    if name == "dsrm":
        return methods.dsrm(level=10)  # above any loss, so that it shifts its weights
    if name == "flooding-x":
        return methods.flooding_x(level=0.1)  # a given level needs no pilot
    factory = methods.BY_NAME[name]
    return factory(steps=steps) if "steps" in inspect.signature(factory).parameters else factory()


def counts(
    model: Any, batch: Mapping[str, torch.Tensor], steps: int, names: Iterable[str] = tuple(methods.BY_NAME)
) -> list[Count]:
    """Run one step of each method on a batch and count; each looks at the batch for the first time."""
    share = attention_share(with_companion(model, batch))
    unit = step_flops(methods.standard(), with_companion(model, batch)) / STANDARD
    found = []
    for name in names:
        formula = costs.formula(methods.BY_NAME[name])
        method = build(name, steps)
        method.prepare([with_companion(model, batch)], learning_rate=LEARNING_RATE)
        counted = step_flops(method, with_companion(model, batch)) / unit
        found.append(Count(name, formula, formula(steps), counted, (counted - formula(steps)) / share))
    return found


def one_round(works: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds of each work, one after the other.

    The clock counts what the processor spends on this process, so that other processes on the machine count little.
    """
    taken = {}
    for name, work in works.items():
        began = time.process_time()
        work()
        taken[name] = time.process_time() - began
    return taken


def in_turns(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each work in each round, after one round that does not count.

    Every other round runs backwards: on a machine that slows down, nobody is always last.
    """
    one_round(works)
    found: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        order = dict(reversed(works.items())) if number % 2 else works
        for name, seconds in one_round(order).items():
            found[name].append(seconds)
    return found


def ratios(seconds: Mapping[str, Sequence[float]], base: str) -> dict[str, Estimate]:
    """Time relative to `base`, round by round: the median, and the smallest and largest of the rounds.

    Of n independent rounds, smallest and largest enclose the true median in all but 2 of 2ⁿ cases.
    """
    found = {}
    for name, taken in seconds.items():
        each = [one / other for one, other in zip(taken, seconds[base], strict=True)]
        found[name] = Estimate(statistics.median(each), min(each), max(each))
    return found


def recorded(file: Path = RECORDED) -> dict[str, Any]:
    """What benchmarks/methods_step.py measured; empty where the repository is not here."""
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}

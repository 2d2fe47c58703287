"""The named methods side by side: what each one's docstring and tableau say, and a few steps of training with each."""

from __future__ import annotations

import copy
import html
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor, nn

from robustlab.landscape import Landscape
from robustlab.methods import BY_NAME, Method
from robustlab.objective import Tableau, attacked, implied_weights
from robustlab.training import accumulate

STEPS = 3  # enough to see the pattern of a tableau
FAMILIES: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "tableaus": (
            "standard", "fgsm", "fgm", "pgd", "freelb", "freelb-released", "freelb++", "ta-vat", "ta-vat-released",
            "neftune",
        ),
        "adaptive weights": (
            "adaptive-pgd", "adaptive-freelb", "adaptive-ta-vat", "adaptive-balanced", "adaptive-annealed",
            "adaptive-learned-beta", "adaptive-by-difficulty",
        ),
        "consistency": ("trades", "vat", "smart", "r3f", "r-drop"),
        "information": ("infobert",),
        "levels": ("flooding-x", "dsrm"),
        "attention": ("asa",),
        "attacked text": ("augmented", "semrode", "semrode-ot"),
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What there is to say about a method in one line.

    Attributes:
        name: As the command line has it.
        loss: The formula that its docstring begins with.
        passes: Cost of a training step, in units of a third of a plain one.
        tableau: For `STEPS` steps; None where the loss is no table of weights.
        reads_attacks: Whether it needs attacked texts beside the written ones.
    """

    name: str
    loss: str
    passes: str
    tableau: Tableau | None
    reads_attacks: bool


def entry(name: str, make: Callable[..., Method], passes: str) -> Entry:
    """Read a method's docstring, its objective and what that objective needs."""
    takes_steps = "steps" in inspect.signature(make).parameters
    objective = (make(steps=STEPS) if takes_steps else make()).objective
    tableau = getattr(objective, "tableau", objective)
    return Entry(
        name=name,
        loss=loss_of(make),
        passes=passes,
        tableau=tableau if isinstance(tableau, Tableau) else None,
        reads_attacks=attacked.NAME in objective.needs,
    )


def loss_of(make: Callable[..., Method]) -> str:
    """The formula before the colon of a docstring's first sentence."""
    summary = " ".join(inspect.cleandoc(make.__doc__ or "").split("\n\n")[0].split())
    return summary.partition(": ")[0].removesuffix(".")


def losses(entries: Iterable[Entry]) -> str:
    """Method and cost, and loss, as an HTML table of two columns: as much as a phone is wide."""
    rows = [(_name(one) + f"<br>{one.passes}", typeset(one.loss)) for one in entries]
    return _table(("method, passes", "loss"), rows)


def tableaus(entries: Iterable[Entry]) -> str:
    """Weights a and points C of the methods that have them, and the weights that they imply, as an HTML table."""
    lines = []
    for one in entries:
        if one.tableau is not None:
            clean, steps = implied_weights(one.tableau)
            a = "<br>".join(_number(weight) for weight in one.tableau.weights.tolist())
            rows = "<br>".join(_numbers(row) for row in one.tableau.points)
            lines.append((_name(one), a, rows, _number(float(clean)), _numbers(steps)))
    return _table(("method", "a", "C", "clean", "steps"), lines)


def _name(one: Entry) -> str:
    return f"<code>{one.name}</code>" + (" †" if one.reads_attacks else "")


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{cell}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<table class="table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _numbers(values: Tensor) -> str:
    return "&nbsp; ".join(map(_number, values.tolist())) or "–"


def _number(value: float) -> str:
    return str(Fraction(value).limit_denominator(60))


def typeset(formula: str) -> str:
    """Escape a formula for HTML, and lower its indices: r_t, r_{k-1}, ‖r‖_∞."""
    return re.sub(r"_(?:\{(.*?)\}|(\w|∞))", r"<sub>\1\2</sub>", html.escape(formula, quote=False))


class Trial(NamedTuple):
    """A few steps on one batch.

    Attributes:
        before: The method's own loss at the first step, in nats.
        after: At the last one.
        clean: The clean loss after it.
        terms: Backward passes through the weights that a step takes.
        gap: Largest difference of a gradient between terms one by one and their sum, relative to the largest gradient.
    """

    before: float
    after: float
    clean: float
    terms: int
    gap: float


def trial(
    method: Method,
    model: nn.Module,
    look: Callable[[nn.Module], Landscape],
    *,
    steps: int,
    learning_rate: float,
    seed: int = 0,
) -> Trial:
    """Train a copy of `model` for a few steps, and compare the method's terms with their sum.

    Args:
        method: Any method; its own state is trained too.
        model: Stays as it is.
        look: Makes the landscape of the batch for a model.
        steps: Of the optimiser.
        learning_rate: Of the model.
        seed: Of random starts, the same in every step.
    """
    model = copy.deepcopy(model).train()
    method.to(next(model.parameters()))
    method.prepare([look(model), look(model)], learning_rate=learning_rate)
    terms, gap = _terms_and_sum(method, model, look, seed)
    groups = [{"params": list(model.parameters())}, *method.parameter_groups()]
    optimiser = torch.optim.AdamW(groups, lr=learning_rate)
    seen: list[float] = []
    for _ in range(steps):
        optimiser.zero_grad()
        seen.append(float(accumulate(method, look(model), generator=_seeded(seed))["loss"]))
        optimiser.step()
        method.after_step()
    with torch.no_grad():
        clean = float(look(model).loss().mean())
    return Trial(seen[0], seen[-1], clean, terms, gap)


def _terms_and_sum(
    method: Method, model: nn.Module, look: Callable[[nn.Module], Landscape], seed: int
) -> tuple[int, float]:
    found: list[list[Tensor]] = []
    count = 0
    for summed in (False, True):
        model.zero_grad()
        if summed:
            terms = list(method.terms(look(model), generator=_seeded(seed)))
            count = len(terms)
            torch.stack(terms).sum().backward()
        else:
            accumulate(method, look(model), generator=_seeded(seed))
        found.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
    method.zero_grad()
    largest = max(float(gradient.abs().max()) for gradient in found[0])
    apart = max(float((one - other).abs().max()) for one, other in zip(*found, strict=True))
    return count, apart / largest


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def members(family: str) -> list[str]:
    """The methods of a family that are here."""
    return [name for name in FAMILIES[family] if name in BY_NAME]

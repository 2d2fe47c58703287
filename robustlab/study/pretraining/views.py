"""Recorded pre-trainings on the built-in reviews: does what one kind of view or negative teaches carry over to others?

    python -m robustlab.study.pretraining.views --results book/results/pretraining/views.jsonl

One row a form and seed: how far an encoder puts held-out sentences from each kind of change and from each kind of
negative. Forms take as many passes as text views do, within a step. Rows that the results file holds are not made again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer

from robustlab.contrastive.engines import InBatch
from robustlab.contrastive.texts import View, edited, substituted
from robustlab.contrastive.texts.sentences import KINDS
from robustlab.corpora.lexicon import FAMILIES
from robustlab.methods import Method, multi_scale
from robustlab.methods.pretraining import TEMPERATURE
from robustlab.study.pretraining import courses, geometry, probes, recording
from robustlab.training import held_out

NONE = "no hard negatives"
WORDS, DROPOUT, FORM, ALL = courses.WORDS, courses.DROPOUT, "another form", courses.TEXT
HALF, OTHER = "half of the synonyms", "the other half"
ADVERSARIAL, FAR = "adversarial views", "adversarial views, further"
REACH = 0.3  # of a word's length, where the method's own adversarial views stay within a twentieth
WITHOUT, ONLY = "all but {}", "{} alone"
WEIGHTS = (4.0, 16.0)
WEIGHT = "β = {:g}"


@dataclass(frozen=True, kw_only=True)
class Form:
    """A pre-training of the chapter, apart from its length.

    Attributes:
        method: Makes its method afresh.
        view: Makes the text views, where the method reads any.
        kinds: Of the hard negatives, where it reads any.
    """

    method: Callable[[], Method] = partial(multi_scale, view="text")
    view: View = courses.VIEW
    kinds: Sequence[str] = KINDS


@lru_cache(maxsize=1)
def halves() -> tuple[Collection[str], Collection[str]]:
    """The words of the reviews in two parts: families go to either in turns, with their opposites.

    A word that families of both parts hold is in neither.
    """
    stems = list(dict.fromkeys(family.name.rstrip("+-") for family in FAMILIES))
    held: tuple[set[str], set[str]] = (set(), set())
    for family in FAMILIES:
        held[stems.index(family.name.rstrip("+-")) % 2].update(family.words)
    return frozenset(held[0] - held[1]), frozenset(held[1] - held[0])


def changes() -> Mapping[str, View]:
    """The kinds of change that leave what a sentence says: what views are made of, and encoders measured by."""
    one, other = (partial(substituted, only=words) for words in halves())
    return MappingProxyType({FORM: edited, HALF: one, OTHER: other, ALL: courses.VIEW})


def forms() -> dict[str, Form]:
    """The views, then the negatives with text views, then their weights; what is not said is all kinds at weight 1."""
    found = {
        WORDS: Form(method=courses.FORMS[WORDS]),
        DROPOUT: Form(method=courses.FORMS[DROPOUT]),
        **{name: Form(view=view) for name, view in changes().items()},
        ADVERSARIAL: Form(method=partial(multi_scale, view="adversarial")),
        FAR: Form(method=partial(multi_scale, view="adversarial", step_size=REACH, radius=REACH)),
        NONE: Form(method=partial(multi_scale, view="text", hard=False)),
    }
    found |= {ONLY.format(kind): Form(kinds=(kind,)) for kind in KINDS}
    found |= {WITHOUT.format(kind): Form(kinds=tuple(other for other in KINDS if other != kind)) for kind in KINDS}
    return found | {WEIGHT.format(weight): Form(method=partial(_weighted, weight)) for weight in WEIGHTS}


def _weighted(weight: float) -> Method:
    return multi_scale(view="text", engine=InBatch(TEMPERATURE, hard_weight=weight))


def course(plan: courses.Plan, form: Form, held: Sequence[courses.Held], *, seed: int = 0) -> courses.Course:
    """Pre-train in a form, with as many passes as text views with hard negatives take in the plan.

    A dearer form reads fewer of the rows; a cheaper one reads them more often, a whole number of times.
    """
    method = form.method()
    ratio = passes(courses.FORMS[ALL]()) / passes(method)
    often = max(1, round(ratio))
    matched = replace(plan, recipe=replace(plan.recipe, epochs=often * plan.recipe.epochs))
    given = {"view": form.view, "kinds": form.kinds, "share": min(1.0, ratio / often)}
    return courses.taught(matched, method, held, seed=seed, **given)


def passes(method: Method) -> float:
    """Forwards, input gradients and weight gradients of a step, in reads of a sentence."""
    return method.objective.units(method.ascent)


def measure(plan: courses.Plan, name: str, seed: int) -> dict[str, Any]:
    """One row without where it comes from; `before` is the encoder that no form has trained."""
    held = courses.held_out(plan)
    probe = probes.probe(held, changes())
    began = time.process_time()
    if name == geometry.BEFORE:
        encoder, steps, units = courses.fresh(plan, seed=seed), 0, 0.0
    else:
        form = forms()[name]
        encoder, _, steps = course(plan, form, held, seed=seed)
        units = passes(form.method())
    return {
        "form": name,
        "seed": seed,
        **geometry.settings(plan),
        "steps": steps,
        "passes": units * steps,
        "held_out": len(held),
        "geometry": held_out.geometry(encoder, [(one.text, one.view) for one in held])._asdict(),
        **probes.measured(encoder, held, probe),
        "cpu_seconds": round(time.process_time() - began, 1),
    }


def main(
    results: Annotated[Path, typer.Option(help="Rows are appended to this file.")],
    seeds: Annotated[str, typer.Option(help="Comma-separated.")] = "0,1,2",
) -> None:
    """Make the rows that are missing."""
    recording.record(results, (geometry.BEFORE, *forms()), seeds, partial(measure, geometry.LONG))


if __name__ == "__main__":
    typer.run(main)

"""Unlabelled texts on their way into a pre-training: what is held out, and what stands beside a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from robustlab.contrastive.texts.corpus import Text
from robustlab.contrastive.texts.sentences import hard_negative
from robustlab.contrastive.texts.views import compose, edited, substituted
from robustlab.randomness import key
from robustlab.training.held_out import HeldOut
from robustlab.training.recipe import Recipe
from robustlab.training.sentence_batches import Other

LOOKS = 20  # at the held-out sentences, over a run
FEWEST_HELD_OUT = 2
VIEW = compose(substituted, edited)  # words first: the certified ones are told by the form


def hold_out(texts: Sequence[Text], sentences: int, seed: int) -> tuple[list[Text], list[str]]:
    """Put whole texts aside until there are enough sentences; never more than half of the texts.

    Args:
        texts: All that there are.
        sentences: How many to put aside.
        seed: Decides which.

    Raises: ValueError: If there are too few texts to put any aside.
    """
    if not sentences:
        return list(texts), []
    order = sorted(range(len(texts)), key=lambda number: key(seed, "held out", number))
    aside, kept = [], set()
    for number in order[: len(texts) // 2]:
        if len(aside) >= sentences:
            break
        aside += texts[number].sentences
        kept.add(number)
    if len(aside) < FEWEST_HELD_OUT:
        raise ValueError(f"{len(texts)} texts are too few to hold sentences out: give more texts, or hold out 0")
    return [text for number, text in enumerate(texts) if number not in kept], aside[:sentences]


def others(*, seed: int, negative: bool, view: bool) -> dict[str, Other]:
    """What stands beside a sentence, as `sentence_rows` takes it.

    Args:
        seed: Of the draws.
        negative: Whether there are hard negatives.
        view: Whether there are views made of the text.
    """
    found: dict[str, Other] = {}
    if negative:
        found["negative"] = partial(_negative, seed=seed)
    if view:
        found["view"] = partial(_view, seed=seed)
    return found


def _negative(text: str, number: int, *, seed: int) -> str | None:
    made = hard_negative(text, seed=seed, example=number)
    return None if made is None else made.text


def _view(text: str, number: int, *, seed: int) -> str:
    return VIEW(text, seed, number)


def looked_at(sentences: Sequence[str], recipe: Recipe, rows: int, *, seed: int) -> HeldOut | None:
    """Held-out sentences with a view each, looked at `LOOKS` times over a run; None where there are none.

    Args:
        sentences: That were held out.
        recipe: Of the run, as `paced` made it.
        rows: That are learned from.
        seed: Of the views.
    """
    if not sentences:
        return None
    steps = recipe.epochs * recipe.steps_an_epoch(rows)
    every = max(recipe.log_every, steps // LOOKS // recipe.log_every * recipe.log_every)
    return HeldOut(pairs=[(text, VIEW(text, seed, number)) for number, text in enumerate(sentences)], every=every)


def paced(recipe: Recipe, rows: int) -> Recipe:
    """The recipe with at least `LOOKS` logs, as far as there are steps.

    Args:
        recipe: As it was given.
        rows: That are learned from.
    """
    steps = recipe.epochs * recipe.steps_an_epoch(rows)
    return replace(recipe, log_every=max(1, min(recipe.log_every, steps // LOOKS)))

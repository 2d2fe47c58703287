"""Small pre-trainings of the chapters on contrast, and what is asked of their encoders on held-out sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

from datasets import Dataset
from transformers import TrainerCallback

from robustlab import corpora
from robustlab.contrastive.texts import View, compose, edited, hard_negative, read_texts, substituted
from robustlab.contrastive.texts.sentences import KINDS
from robustlab.corpora.splitting import normalised
from robustlab.methods import Method, multi_scale
from robustlab.models.encoders import Encoder, load_encoder
from robustlab.training.held_out import Geometry, HeldOut
from robustlab.training.pretraining import contrasted, pretrain
from robustlab.training.recipe import Recipe
from robustlab.training.sentence_batches import sentence_rows

VIEW = compose(substituted, edited)  # synonyms first: what the corpus certifies is the text as it is written
WORDS = "words alone"
DROPOUT, TEXT = "dropout views", "text views"
SOFT = ", no hard negatives"
FORMS: dict[str, Callable[[], Method]] = {
    WORDS: partial(multi_scale, tokens=0.0, replaced=0.0, sentences=0.0, documents=0.0, hard=False),
    DROPOUT: partial(multi_scale, view="dropout"),
    TEXT: partial(multi_scale, view="text"),
    DROPOUT + SOFT: partial(multi_scale, view="dropout", hard=False),
    TEXT + SOFT: partial(multi_scale, view="text", hard=False),
}
"""The control, the two views, and both again without what must be told from a sentence."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What all pre-trainings of a chapter share.

    Attributes:
        corpus: Its `train` split is learned from, its split `unseen` looked at.
        model: As `load_encoder` takes it.
        texts: How many texts.
        held_out: How many sentences are looked at.
        recipe: Length, rate and batches.
        looks: How often on the way.
        unseen: A split with labels.
        device: "cpu", or None for what is there.
    """

    corpus: str
    model: str
    texts: int
    held_out: int
    recipe: Recipe
    looks: int = 8
    unseen: str = "test"
    device: str | None = "cpu"


class Held(NamedTuple):
    """A sentence that nobody learns from, and its others.

    Attributes:
        text: The sentence.
        view: It says the same in other words and another form.
        form: In another form alone.
        words: In other words alone.
        negative: It says something else in almost the same words.
        label: Of the sentence.
    """

    text: str
    view: str
    form: str
    words: str
    negative: str
    label: int


class Course(NamedTuple):
    """What a pre-training leaves behind: encoder, geometry by step from 0 on, and steps."""

    encoder: Encoder
    looks: dict[int, Geometry]
    steps: int


def held_out(plan: Plan, *, seed: int = 0) -> list[Held]:
    """Labelled texts of one sentence that have a hard negative and are not among the texts that are learned from.

    Raises: ValueError: If there are fewer than two.
    """
    known = {normalised(sentence) for text in learned(plan) for sentence in text}
    found: list[Held] = []
    rows = corpora.load(plan.corpus, split=plan.unseen)
    for number, (text, label) in enumerate(zip(rows["text"], rows["label"], strict=True)):
        other = hard_negative(text, seed=seed, example=number)
        if text.count(" . ") or other is None or (mark := normalised(text)) in known:
            continue
        known.add(mark)
        same = (make(text, seed, number) for make in (VIEW, edited, substituted))
        found.append(Held(text, *same, other.text, label))
        if len(found) == plan.held_out:
            break
    if len(found) < 2:
        raise ValueError(f"expected at least 2 sentences of {plan.corpus} to hold out, found {len(found)}")
    return found


def fresh(plan: Plan, *, seed: int = 0) -> Encoder:
    """The encoder before the first step."""
    return load_encoder(plan.model, texts=(" ".join(text) for text in learned(plan)), seed=seed)


def course(plan: Plan, name: str, held: Sequence[Held], *, seed: int = 0) -> Course:
    """Pre-train a fresh encoder in one of `FORMS`; all see the same rows in the same order and number.

    Raises: KeyError: If there is no form of that name.
    """
    return taught(plan, FORMS[name](), held, seed=seed)


def taught(
    plan: Plan,
    method: Method,
    held: Sequence[Held],
    *,
    view: View = VIEW,
    kinds: Sequence[str] = KINDS,
    share: float = 1.0,
    seed: int = 0,
) -> Course:
    """Pre-train a fresh encoder with a method of one's own.

    Args:
        plan: What is read, how often and how fast.
        method: From `methods.multi_scale`.
        held: What is looked at on the way.
        view: Makes the views, where the method reads texts for views.
        kinds: Of hard negatives, where the method reads any.
        share: Of the rows that are read, their first ones: less than 1 where a step costs more.
        seed: Of weights, order, dropout, views and negatives.

    Raises: ValueError: If the share is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {share}")
    encoder, recipe = fresh(plan, seed=seed), plan.recipe
    others = _others(method, seed, view, kinds)
    rows = sentence_rows(learned(plan), encoder.tokenizer, max_length=recipe.max_length, others=others)
    batches = round(share * (len(rows) // recipe.batch_size))
    return followed(plan, method, encoder, rows.select(range(batches * recipe.batch_size)), held, seed=seed)


def followed(
    plan: Plan,
    method: Method,
    encoder: Encoder,
    rows: Dataset,
    held: Sequence[Held],
    *,
    seed: int = 0,
    callbacks: Sequence[TrainerCallback] = (),
) -> Course:
    """Pre-train an encoder on rows that fill whole steps, and look at what is held out on the way."""
    recipe = plan.recipe
    steps = recipe.epochs * (len(rows) // (recipe.batch_size * recipe.gradient_accumulation))
    every = max(1, steps // plan.looks // recipe.log_every) * recipe.log_every
    look = HeldOut(pairs=[(one.text, one.view) for one in held], every=every)
    done = pretrain(encoder, method, rows, recipe, held_out=look, seed=seed, device=plan.device, callbacks=callbacks)
    assert done.before is not None
    assert done.after is not None
    looks = {0: done.before}
    for log in done.history:
        if "uniformity" in log:
            looks[log["step"]] = Geometry(*(log[field] for field in Geometry._fields))
    return Course(done.encoder, looks | {steps: done.after}, steps)


@lru_cache(maxsize=2)  # a study reads the same texts for every row
def documents(corpus: str, limit: int) -> tuple[tuple[str, ...], ...]:
    """The first texts of a corpus, as sentences."""
    return tuple(text.sentences for text in read_texts([corpus], limit=limit))


def learned(plan: Plan) -> tuple[tuple[str, ...], ...]:
    """The texts that are learned from, as sentences."""
    return documents(plan.corpus, plan.texts)


def _others(method: Method, seed: int, view: View, kinds: Sequence[str]) -> dict[str, Any]:
    objective: Any = method.objective
    found: dict[str, Any] = {}
    if contrasted(method) and objective.hard:
        found["negative"] = partial(negative, seed=seed, kinds=kinds)
    if contrasted(method) and objective.view == "text":
        found["view"] = lambda text, number: view(text, seed, number)
    return found


def negative(text: str, number: int, *, seed: int, kinds: Sequence[str] = KINDS) -> str | None:
    """The hard negative of a sentence that all courses read; None where it has none."""
    made = hard_negative(text, seed=seed, example=number, kinds=kinds)
    return None if made is None else made.text

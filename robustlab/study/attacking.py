"""One attack on a trained classifier as the fields of a row: which examples it broke, and what that took."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from robustlab import models, resources
from robustlab.evaluation.attack.rows import Attacked, in_order
from robustlab.evaluation.attack.summary import summarise
from robustlab.models import Loaded
from robustlab.study import rows

if TYPE_CHECKING:
    from datasets import Dataset

DRAW = 0  # the seed that draws the examples, the same for every model
EXAMPLES = 200
EXACT = "exact"
"""The name of the attack that reads every certified variant, which only the built-in reviews have."""
UNCERTIFIED = (
    f"the attack {EXACT!r} reads every certified variant of a text, which only the corpus 'reviews' has: name a recipe "
    "such as textfooler+minilm+neighbours"
)


def attacked(loaded: Loaded, recipe: str, dev: Dataset, *, examples: int = EXAMPLES) -> dict[str, Any]:
    """The fields of one attack.

    Args:
        loaded: The classifier.
        recipe: A recipe's name, or `EXACT`.
        dev: Rows that examples are drawn from; of a pair the first text is attacked.
        examples: How many are drawn; all where there are fewer.

    Raises: ValueError: If there is no such recipe, or `EXACT` is asked for rows without certified variants.
    """
    chosen = dev.shuffle(seed=DRAW).select(range(min(examples, len(dev))))
    found, needed = _exact(loaded, chosen) if recipe == EXACT else _searched(loaded, recipe, chosen)
    ordered = in_order(found)
    return {
        "recipe": recipe,
        "draw": DRAW,
        "examples": len(ordered),
        "example_ids": [row.example_id for row in ordered],
        "robust_mask": rows.encode(row.outcome == "failed" for row in ordered),
        "clean_mask": rows.encode(row.outcome != "skipped" for row in ordered),
        "queries": [row.queries for row in ordered],
        "words": [row.words for row in ordered],
        "changed": [row.changed for row in ordered],
        "summary": summarise(ordered).plain(),
        "resources": {name: resources.fingerprint(name) for name in needed},
    }


def check_attack(recipe: str, *, certified: bool) -> None:
    """Refuse an attack that would fail when a model has been trained for it.

    Args:
        recipe: A recipe's name, or `EXACT`.
        certified: Whether the texts have certified variants.

    Raises:
        ValueError: If a substitute is unknown, or `EXACT` is asked for other texts.
        ModuleNotFoundError: If TextAttack is not installed.
        MissingResourceError: If this machine lacks what the recipe reads.
    """
    from robustlab.evaluation.attack.importing import textattack
    from robustlab.evaluation.attack.names import parse
    from robustlab.resources.recipes import needs, recipes

    if recipe == EXACT:
        if not certified:
            raise ValueError(UNCERTIFIED)
        return
    parsed = parse(recipe)
    textattack()
    if parsed.base in recipes():
        resources.require(*needs(parsed.name))


def _searched(loaded: Loaded, recipe: str, chosen: Dataset) -> tuple[list[Attacked], tuple[str, ...]]:
    from robustlab.evaluation.attack.attacking import AttackError, Example, attacker
    from robustlab.evaluation.attack.bench import Bench
    from robustlab.evaluation.attack.limits import Limits
    from robustlab.evaluation.attack.names import parse
    from robustlab.evaluation.attack.setup import longest_first

    paired = "text_pair" in chosen.column_names
    columns = ("example_id", "label", "text", *(("text_pair",) if paired else ()))
    examples = [Example(*row) for row in zip(*(list(chosen[name]) for name in columns), strict=True)]
    made = attacker(Bench(loaded, parse(recipe)), Limits(column="text" if paired else None), seed=DRAW)
    order = longest_first([example.text for example in examples])
    found: list[Attacked] = []
    for told in made.run([examples[at] for at in order]):
        if isinstance(told, AttackError):
            raise told
        found.append(told)
    return found, made.resources


def _exact(loaded: Loaded, chosen: Dataset) -> tuple[list[Attacked], tuple[str, ...]]:
    from robustlab.corpora.reviews import from_row
    from robustlab.evaluation.attack.exact import exact_rows

    if "slots" not in chosen.column_names:
        raise ValueError(UNCERTIFIED)
    found = exact_rows(models.predictor(*loaded), [from_row(row) for row in chosen])
    numbers = list(chosen["example_id"])
    return [replace(row, example_id=numbers[row.example_id]) for row in found], ()

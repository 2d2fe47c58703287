"""TextAttack's searches over the certified substitutions of a review: heuristics where the worst case is known.

A search of TextAttack asks its transformation for the texts that are one change away. Here these are the certified
variants of one review and nothing else, so that whatever a search finds, the exhaustive search of
`robustlab.evaluation.attack.exact` has read too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch

from robustlab.evaluation.attack import words
from robustlab.evaluation.attack.importing import textattack
from robustlab.evaluation.attack.rows import Attacked, Outcome
from robustlab.evaluation.substitution import Predict
from robustlab.randomness import key

if TYPE_CHECKING:
    from robustlab.corpora.reviews import Review

# Populations of 10 over 5 rounds, for TextAttack's 60 over 20: at its own values both ask about more texts than a
# review of the corpus has variants, several times over, and would be no searches but slow enumerations.
_POPULATION: Mapping[str, Any] = MappingProxyType({"pop_size": 10, "max_iters": 5})

METHODS: Mapping[str, tuple[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "rank-unk": ("GreedyWordSwapWIR", {"wir_method": "unk"}),
        "rank-delete": ("GreedyWordSwapWIR", {"wir_method": "delete"}),
        "rank-saliency": ("GreedyWordSwapWIR", {"wir_method": "weighted-saliency"}),
        "rank-random": ("GreedyWordSwapWIR", {"wir_method": "random"}),
        "greedy": ("GreedySearch", {}),
        "beam": ("BeamSearch", {"beam_width": 8}),
        "genetic": ("AlzantotGeneticAlgorithm", _POPULATION),
        "swarm": ("ParticleSwarmOptimization", _POPULATION),
    }
)
"""Search -> TextAttack's class and its arguments: a greedy walk in the order of four rankings of the words (`rank-…`),
the greedy and the beam search over all words, the genetic algorithm and the particle swarm."""
SEARCHES: tuple[str, ...] = tuple(METHODS)
"""Names of the searches."""


def certified_swap(review: Review) -> Any:
    """A transformation of TextAttack's whose candidates are the certified words of one review.

    TextAttack numbers words without punctuation, the review its parts between spaces; the transformation counts as
    TextAttack does.

    Args:
        review: The review that is to be attacked; the transformation is for its texts alone.
    Raises:
        ValueError: If TextAttack would not read a word of a slot as one word, so that it could not be replaced.
        ModuleNotFoundError: If the extra `attack` is not installed.
    """
    return _classes()[0](_slots(review))


def _slots(review: Review) -> dict[int, tuple[str, ...]]:
    """The certified words by TextAttack's number of the word."""
    words_from_text = textattack().shared.utils.words_from_text

    found, number = {}, 0
    for position, written in enumerate(review.words):
        for word in review.slots.get(position, ()):
            if (read := words_from_text(word)) != [word]:
                raise ValueError(f"the slot at position {position} holds {word!r}, which TextAttack reads as {read}")
        if position in review.slots:
            found[number] = review.slots[position]
        number += len(words_from_text(written))
    return found


@cache
def _classes() -> tuple[type, type]:
    """The transformation and the model as TextAttack's classes, made when first used: its import takes seconds."""
    library: Any = textattack()

    class CertifiedSwap(library.transformations.WordSwap):
        """One certified word for another."""

        def __init__(self, slots: Mapping[int, tuple[str, ...]]) -> None:
            super().__init__()
            self.slots = slots

        def _get_transformations(self, current_text: Any, indices_to_modify: set[int]) -> list[Any]:
            return [
                current_text.replace_word_at_index(index, word)
                for index in sorted(indices_to_modify)
                for word in self.slots.get(int(index), ())
                if word != current_text.words[index]
            ]

    class Predictor(library.models.wrappers.ModelWrapper):
        """Texts to probabilities; in double precision, so that they add up to one."""

        def __init__(self, predict: Predict) -> None:
            self.model = predict

        def __call__(self, text_input_list: list[str], **_: Any) -> torch.Tensor:
            return self.model(list(text_input_list)).detach().double().cpu().softmax(dim=1)

    return CertifiedSwap, Predictor


def search_rows(predict: Predict, reviews: Sequence[Review], search: str, *, seed: int = 0) -> list[Attacked]:
    """Attack reviews within their certified substitutions by a search of TextAttack's, one row a review.

    A word that was changed stays changed (TextAttack's `RepeatModification`), as in the recipes these searches come
    from: a beam would go on for ever otherwise. Every variant can still be reached, each word having one change.

    Args:
        predict: Texts to logits, as `robustlab.models.predictor` makes it.
        reviews: Reviews with their certified slots.
        search: One of `SEARCHES`.
        seed: Decides what the genetic algorithm, the swarm and the random ranking draw, each review on its own.
    Returns: Rows with the reviews' positions as `example_id`; `queries` as TextAttack counts them, the text as written
        and texts that were asked about before included.
    Raises:
        ValueError: If the search is unknown, or a slot cannot be attacked through TextAttack.
        ModuleNotFoundError: If the extra `attack` is not installed.
    """
    if search not in METHODS:
        raise ValueError(f"search must be one of {', '.join(SEARCHES)}, got {search!r}")
    library: Any = textattack()
    kind, settings = METHODS[search]
    with _quiet():
        goal = library.goal_functions.UntargetedClassification(_classes()[1](predict))
    rows = []
    for number, review in enumerate(reviews):
        repeat = library.constraints.pre_transformation.RepeatModification()
        method = getattr(library.search_methods, kind)(**settings)
        attack = library.Attack(goal, [repeat], certified_swap(review), method)
        with _seeded(key(seed, search, number)):
            rows.append(_row(number, review, attack.attack(review.text, review.label)))
    return rows


def _row(number: int, review: Review, result: Any) -> Attacked:
    status = textattack().goal_function_results.GoalFunctionResultStatus
    start, end = result.original_result, result.perturbed_result
    outcomes: dict[int, Outcome] = {
        status.SUCCEEDED: "succeeded",
        status.SEARCHING: "failed",
        status.SKIPPED: "skipped",
    }
    attacked_text = end.attacked_text.text
    return Attacked(
        example_id=number,
        label=review.label,
        outcome=outcomes[end.goal_status],
        text=review.text,
        attacked_text=attacked_text,
        predicted=start.output,
        attacked_predicted=end.output,
        confidence=float(start.raw_output[review.label]),
        attacked_confidence=float(end.raw_output[review.label]),
        queries=end.num_queries,
        words=len(words.of(review.text)),
        changed=words.changed(review.text, attacked_text),
    )


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """NumPy's legacy global state, from which TextAttack draws: by the seed inside, and as it was outside."""
    import numpy as np

    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed % 2**32)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warning that TextAttack does not know our model's class."""
    logger = textattack().shared.logger
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before

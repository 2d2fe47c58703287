"""What TextAttack loads as it builds a recipe, kept from downloading and answered by what this machine has."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest import mock

import nltk
import transformers
from textattack.shared import AbstractWordEmbedding, WordEmbedding
from textattack.transformations import WordSwapHomoglyphSwap
from torch import nn

from robustlab import resources
from robustlab.evaluation.attack import importing, lexicon, neighbours
from robustlab.evaluation.attack.names import Recipe
from robustlab.evaluation.attack.parts.embeddings import ListedNeighbours

MaskedLM = tuple[Any, Any]
"""What stands for a masked language model, and its tokenizer."""


@dataclass
class Needs:
    """What a recipe asked for while it was built.

    Attributes:
        recipe: The recipe.
        resources: Names of the resources that it needs, in the order in which it asked.
        used: Substitutes that stood in for something.
    """

    recipe: Recipe
    resources: dict[str, None] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def take(self, substitute: str) -> bool:
        """Whether a substitute was given; it then counts as used."""
        if substitute not in self.recipe.substitutes:
            return False
        self.used.add(substitute)
        return True

    def need(self, name: str) -> bool:
        """Note a resource; whether this machine has it."""
        self.resources[name] = None
        return resources.find(name) is not None


@contextmanager
def loading(needs: Needs, masked_lm: Callable[[], MaskedLM]) -> Iterator[None]:
    """Answer what TextAttack loads.

    What is missing is noted, and something empty stands in for it until everything has been asked for.

    Args:
        needs: Where it is noted.
        masked_lm: Loads the masked language model.
    """
    with ExitStack() as stack:
        for patch in (
            mock.patch.object(WordEmbedding, "counterfitted_GLOVE_embedding", partial(_embedding, needs)),
            mock.patch.object(nltk.corpus, "stopwords", SimpleNamespace(words=lambda language: _stop_words(needs))),
            mock.patch.object(WordSwapHomoglyphSwap, "__init__", _with_homoglyphs(WordSwapHomoglyphSwap.__init__)),
            *_wordnet(needs),
            *_masked_lm(needs, masked_lm),
            importing.nothing_downloaded(),
            mock.patch.object(importlib.import_module("huggingface_hub.constants"), "HF_HUB_OFFLINE", True),
        ):
            stack.enter_context(patch)
        yield


def _embedding(needs: Needs) -> AbstractWordEmbedding:
    if needs.take("lexicon"):
        return ListedNeighbours(lexicon.own().neighbours, "robustlab's lexicon")
    if needs.take("neighbours"):
        there = needs.need("neighbours")
        return ListedNeighbours(neighbours.listed() if there else {}, "neighbours of counter-fitted vectors")
    if needs.need("counter-fitted"):
        return _GENUINE_EMBEDDING()
    return ListedNeighbours({}, "missing")


_GENUINE_EMBEDDING = WordEmbedding.counterfitted_GLOVE_embedding
_GENUINE_STOP_WORDS = nltk.corpus.stopwords


def _stop_words(needs: Needs) -> list[str]:
    if needs.take("lexicon"):
        return sorted(lexicon.own().stop_words)
    return _GENUINE_STOP_WORDS.words("english") if needs.need("nltk-stopwords") else []


def _with_homoglyphs(construct: Callable[..., None]) -> Callable[..., None]:
    """TextAttack 0.3.11's wheel lacks the table that this class reads; ours takes its place."""

    def __init__(self: WordSwapHomoglyphSwap, *args: Any, **options: Any) -> None:
        try:
            construct(self, *args, **options)
        except FileNotFoundError:
            self.homos_intentional = lexicon.homoglyphs()

    return __init__


def _wordnet(needs: Needs) -> list[Any]:
    """The constructor of TextAttack's swap looks for a language in WordNet, wherever that is missing, too."""
    module = importlib.import_module("textattack.transformations.word_swaps.word_swap_wordnet")
    return [mock.patch.object(module, "wordnet", SimpleNamespace(langs=lambda: ["eng"]))]


def _masked_lm(needs: Needs, load: Callable[[], MaskedLM]) -> list[Any]:
    """Give the recipe one masked language model, by whatever name it asks."""
    asked: dict[str, MaskedLM] = {}
    genuine = {kind: kind.from_pretrained for kind in (transformers.AutoModelForMaskedLM, transformers.AutoTokenizer)}

    def model(name: str, *_: Any, **__: Any) -> Any:
        asked[name] = _chosen(needs, load, genuine)
        return asked[name][0]

    def tokenizer(name: str, *args: Any, **options: Any) -> Any:
        return asked[name][1] if name in asked else genuine[transformers.AutoTokenizer](name, *args, **options)

    return [
        mock.patch.object(transformers.AutoModelForMaskedLM, "from_pretrained", model),
        mock.patch.object(transformers.AutoTokenizer, "from_pretrained", tokenizer),
    ]


def _chosen(needs: Needs, load: Callable[[], MaskedLM], genuine: Mapping[type, Callable[..., Any]]) -> MaskedLM:
    if needs.take("plumbing"):
        there = needs.need("minilm")
    else:
        there = needs.recipe.masked_lm is not None or needs.need("masked-lm")
    if not there:
        return nn.Identity(), None
    with ExitStack() as stack:  # the loader is to find transformers as it is
        for kind, loader in genuine.items():
            stack.enter_context(mock.patch.object(kind, "from_pretrained", loader))
        return load()

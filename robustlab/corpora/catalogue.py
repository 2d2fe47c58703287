"""What each corpus is: its labels, its files, and where the hub keeps it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

GLUE = "nyu-mll/glue"
# Commits of the hub's repositories, so that a rerun next year reads the same rows.
GLUE_REVISION = "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c"
AGNEWS_REVISION = "eb185aade064a813bc0b7f42de02595523103ca4"
IMDB_REVISION = "e6281661ce1c48d982bc483cf8a173c1bbeb5d31"
SMS_REVISION = "cae486f927c250fe1d4a5b55f11357964ed1646c"
# The branch, so that its rows may change. Only one public list of pins names a commit of this repository,
# e1abda026f687e917a8d9895469194736ebe872c; without a second source or a look at the hub it is no more than a hint,
# and a commit that does not exist would load nothing. Each of the commits above is pinned by many other projects.
ADVGLUE_REVISION = "main"


@dataclass(frozen=True, kw_only=True)
class Hub:
    """Where the hub keeps a corpus and how its columns map to ours.

    Attributes:
        repository: Owner and name of the repository.
        configuration: Configuration inside the repository.
        revision: Commit or branch.
        splits: Our split name -> the hub's.
        text: The hub's column for `text`.
        text_pair: The hub's column for `text_pair`.
        replace: Markup to replace, so that hub and local rows read the same.
    """

    repository: str
    revision: str
    text: str
    splits: Mapping[str, str]
    configuration: str | None = None
    text_pair: str | None = None
    replace: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """One corpus.

    Attributes:
        name: The name that `load` takes.
        summary: One line on what it is.
        labels: Label names in the order of their numbers.
        pair: Whether rows have a second text.
        folder: Folder of the local files inside the data folder.
        files: Split -> file stem inside `folder`; empty where the stem is the split's name.
        hub: Its place on the hub, if it has one.
        builtin: Whether the package generates it.
    """

    name: str
    summary: str
    labels: tuple[str, ...]
    pair: bool = False
    folder: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    hub: Hub | None = None
    builtin: bool = False


def _advglue(task: str, configuration: str, labels: tuple[str, ...], text: str, pair: str | None) -> Corpus:
    return Corpus(
        name=f"advglue-{task}",
        summary=f"AdvGLUE, {task}: GLUE dev rows attacked and checked by people; evaluation only.",
        labels=labels,
        pair=pair is not None,
        folder="advglue",
        files={"dev": task},
        hub=Hub(
            repository="AI-Secure/adv_glue",
            configuration=configuration,
            revision=ADVGLUE_REVISION,
            text=text,
            text_pair=pair,
            splits={"dev": "validation"},
        ),
    )


_SENTIMENT = ("negative", "positive")
_ENTAILMENT = ("entailment", "not_entailment")
_INFERENCE = ("entailment", "neutral", "contradiction")
_GLUE_SPLITS = {"train": "train", "dev": "validation"}
_OFFICIAL = {"train": "train", "test": "test"}

_CORPORA = (
    Corpus(
        name="sst2",
        summary="SST-2: sentiment of phrases and sentences from film reviews (GLUE).",
        labels=_SENTIMENT,
        folder="sst2",
        hub=Hub(repository=GLUE, configuration="sst2", revision=GLUE_REVISION, text="sentence", splits=_GLUE_SPLITS),
    ),
    Corpus(
        name="qnli",
        summary="QNLI: does the sentence hold the answer to the question? (GLUE)",
        labels=_ENTAILMENT,
        pair=True,
        folder="qnli",
        hub=Hub(
            repository=GLUE,
            configuration="qnli",
            revision=GLUE_REVISION,
            text="question",
            text_pair="sentence",
            splits=_GLUE_SPLITS,
        ),
    ),
    Corpus(
        name="agnews",
        summary="AG News: topic of a news item, title and description.",
        labels=("World", "Sports", "Business", "Sci/Tech"),
        folder="agnews",
        hub=Hub(
            repository="fancyzhx/ag_news",
            revision=AGNEWS_REVISION,
            text="text",
            splits=_OFFICIAL,
            replace=(("\\", " "),),  # a backslash is a line break in this corpus
        ),
    ),
    Corpus(
        name="imdb",
        summary="IMDB: sentiment of whole film reviews, a few hundred words each.",
        labels=_SENTIMENT,
        folder="imdb",
        hub=Hub(
            repository="stanfordnlp/imdb",
            revision=IMDB_REVISION,
            text="text",
            splits=_OFFICIAL,
            replace=(("<br />", " "),),
        ),
    ),
    Corpus(
        name="sms_spam",
        summary="SMS Spam Collection: is a text message spam?",
        labels=("ham", "spam"),
        folder="sms_spam",
        hub=Hub(
            repository="ucirvine/sms_spam",
            configuration="plain_text",
            revision=SMS_REVISION,
            text="sms",
            splits={"train": "train"},
        ),
    ),
    _advglue("sst2", "adv_sst2", _SENTIMENT, "sentence", None),
    _advglue("qnli", "adv_qnli", _ENTAILMENT, "question", "sentence"),
    _advglue("qqp", "adv_qqp", ("not_duplicate", "duplicate"), "question1", "question2"),
    _advglue("mnli", "adv_mnli", _INFERENCE, "premise", "hypothesis"),
    _advglue("mnli_mm", "adv_mnli_mismatched", _INFERENCE, "premise", "hypothesis"),
    _advglue("rte", "adv_rte", _ENTAILMENT, "sentence1", "sentence2"),
    Corpus(
        name="reviews",
        summary="Generated review sentences with certified label-preserving substitutions; needs no files.",
        labels=_SENTIMENT,
        builtin=True,
    ),
)

CORPORA: Mapping[str, Corpus] = MappingProxyType({corpus.name: corpus for corpus in _CORPORA})


def names() -> tuple[str, ...]:
    """The names `load` takes."""
    return tuple(CORPORA)


def describe(name: str) -> Corpus:
    """Look a corpus up by its name.

    Args:
        name: One of `names()`.
    Raises: ValueError: If there is no such corpus; the message names the nearest.
    """
    if name in CORPORA:
        return CORPORA[name]
    nearest = difflib.get_close_matches(name, CORPORA, n=1)
    guess = f"did you mean {nearest[0]!r}? " if nearest else ""
    raise ValueError(f"unknown corpus {name!r}: {guess}expected one of {', '.join(CORPORA)}")

"""Teaching where to look: which reasoners and documents supporting facts can serve, and when they are the default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from robustlab.cli.reason import documents
from robustlab.cli.reason.settings import SUITING, Train
from robustlab.corpora.documents import Document
from robustlab.corpora.evidence import stepwise
from robustlab.models.reasoner import Reasoner, SentenceReader

NAME, OTHERWISE = "supporting-facts", "standard"
REMEDY = f"choose another --method, such as {OTHERWISE}"


def settled(settings: Train) -> Train:
    """The settings with a method: where none was named, the one that such a model learns from soonest.

    That is supporting facts for a fresh model that writes its chain, where most documents say what each step of it
    rests upon.

    Raises:
        ValueError: If a document is refused.
        FileNotFoundError: If the documents are not on this machine.
    """
    named = settings.named
    if named.method != SUITING:
        return settings
    served = settings.fresh and settings.fit.chain is not False
    if served and settings.source.data != documents.GENERATED:
        found = documents.load(settings.source)
        served = 2 * sum(map(stepwise, found)) > len(found)
    return replace(settings, named=replace(named, method=NAME if served else OTHERWISE))


def check_model(settings: Train, *, by_unit: bool) -> None:
    """Refuse a model that cannot be told where to look, before it is loaded.

    Raises: ValueError: If it has one state a token, or is to write no chain.
    """
    if settings.named.method != NAME:
        return
    if not by_unit:
        raise ValueError(
            f"{NAME} tells a model which sentence to look at, and {settings.model} has a state for each token, none "
            f"for a sentence; {REMEDY}"
        )
    if settings.fit.chain is False:
        raise ValueError(f"{NAME} is about the words of the chain, and --no-chain leaves them out; {REMEDY}")


def check(settings: Train, reasoner: Reasoner, training: Sequence[Document]) -> None:
    """Refuse a model that writes no chain, and documents that do not say what its steps rest upon.

    Args:
        settings: Of the command.
        reasoner: To be trained.
        training: What it learns from; nothing where documents are generated, which all say it.

    Raises: ValueError: If it is one or the other.
    """
    if settings.named.method != NAME:
        return
    if not (isinstance(reasoner.reader, SentenceReader) and reasoner.reader.chain):
        raise ValueError(f"{NAME} is about the words of the chain, and {settings.model} writes none; {REMEDY}")
    if training and not any(map(stepwise, training)):
        raise ValueError(
            f"{NAME} learns from documents with gold sentences and a chain of one step for each of them, and "
            f"{settings.source.data} has none; {REMEDY}"
        )

"""A trained reasoner for a command, and what becomes of documents that are too long for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from robustlab.cli import run_folder
from robustlab.cli.reason.settings import RECORDED, SMALL
from robustlab.corpora.documents import Document
from robustlab.models.reasoner import Reasoner, SentenceReasonerConfig
from robustlab.models.reasoner.reading import Limit
from robustlab.study.reasoning.recorded import recorded_start

OVERLONG = ("error", "truncate")


def load(name: str, *, overlong: str = "error", device: str = "cpu") -> Reasoner:
    """Load the recorded reasoner, one that `robustlab reason train` made, or a model of transformers that generates.

    Raises:
        ValueError: If the model does not generate, its training has not finished, or `overlong` is unknown.
        FileNotFoundError: If there is no such model.
    """
    check_overlong(overlong)
    if name == SMALL:
        raise ValueError(
            f"{SMALL} is a model to train; give the folder that `robustlab reason train` made, or {RECORDED}"
        )
    found = _recorded() if name == RECORDED else _loaded(name)
    if isinstance(found.reader, Limit):
        found.reader.overlong = "truncate" if overlong == "truncate" else "error"
    found.model.to(device)  # type: ignore[arg-type]  # transformers' annotation is of another method
    return found


def _recorded() -> Reasoner:
    """The reasoner that the book keeps."""
    try:
        return recorded_start()
    except FileNotFoundError as error:
        raise FileNotFoundError(
            "there is no recorded model here: it comes with the book's sources, a checkout of the repository, and not "
            "with the installed package; train one with `robustlab reason train` and give its folder with --model"
        ) from error


def _loaded(name: str) -> Reasoner:
    folder = Path(name).expanduser()
    if folder.is_dir():
        _check_folder(folder)
    try:
        return Reasoner.load(folder if folder.is_dir() else name)
    except TypeError as error:  # a tokenizer that does not know where tokens stand
        raise ValueError(f"{name}: {error}") from error


def by_unit(name: str) -> bool:
    """Whether a model has one state a sentence, as the small one has, and not one a token."""
    config = Path(name).expanduser() / "config.json"
    kind = json.loads(config.read_text()).get("model_type") if config.is_file() else None
    return name in (SMALL, RECORDED) or kind == SentenceReasonerConfig.model_type


def _check_folder(folder: Path) -> None:
    config = folder / "config.json"
    if not config.is_file():
        unfinished = (folder / run_folder.RECORD).is_file()
        raise FileNotFoundError(
            f"the training in {str(folder)!r} has not finished: give its command again, with --resume"
            if unfinished
            else f"no trained model in {str(folder)!r}: it holds no config.json"
        )
    kinds = json.loads(config.read_text()).get("architectures") or ()
    if any("ForSequenceClassification" in kind for kind in kinds):
        raise ValueError(
            f"{str(folder)!r} holds a classifier, which writes no answers: robustlab evaluate measures it, and "
            "robustlab reason train makes a model that answers"
        )


def check_overlong(overlong: str) -> None:
    """Refuse another word.

    Raises: ValueError: If it is neither error nor truncate.
    """
    if overlong not in OVERLONG:
        raise ValueError(f"--overlong must be one of {', '.join(OVERLONG)}, got {overlong!r}")


@contextmanager
def as_option() -> Iterator[None]:
    """Name the option where an error names the argument."""
    try:
        yield
    except ValueError as error:
        raise ValueError(str(error).replace('pass overlong="truncate"', "give --overlong truncate")) from error


def fitting(reasoner: Reasoner, documents: Iterable[Document], *, answers: bool) -> int:
    """Read every document once: how many are cut.

    Args:
        reasoner: It knows its limits.
        documents: What it is to read.
        answers: Whether it reads their answers, too.

    Raises: ValueError: If one is too long and may not be cut.
    """
    reader, before, cut = reasoner.reader, reasoner.reader.truncated, 0
    with as_option():
        for document in documents:
            here = reader.truncated
            reader.encode(document, answer=answers)
            cut += reader.truncated > here
    reader.truncated = before
    return cut

"""TextAttack, imported without what its import does behind one's back.

Its first import downloads five NLTK packages, each import reads NLTK's stop words, and a log handler and an environment
variable are left behind. Here nothing is downloaded, and stop words that this machine lacks are missed by the recipe
that needs them, not by the import.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from unittest import mock

from robustlab.resources.reading import prepare_nltk

MARKER = "post_install_check_3"  # the file by which TextAttack knows that it has downloaded
TOKENIZERS = "TOKENIZERS_PARALLELISM"
LOGGER = "textattack.shared.utils.install"


def textattack() -> ModuleType:
    """TextAttack, imported at the first call, which takes some seconds.

    Raises: ModuleNotFoundError: If the extra `attack` is not installed.
    """
    if "textattack" in sys.modules:
        return sys.modules["textattack"]
    if importlib.util.find_spec("textattack") is None:
        raise ModuleNotFoundError('attacks on words need TextAttack: pip install "robustlab[attack]"')
    prepare_nltk()
    with _as_if_downloaded(), nothing_downloaded(), _stop_words(), _environment(), _logging():
        return importlib.import_module("textattack")


@contextmanager
def nothing_downloaded() -> Iterator[None]:
    """Let NLTK's downloader do nothing for a while."""
    import nltk

    with mock.patch.object(nltk, "download", return_value=False):
        yield


@contextmanager
def _as_if_downloaded() -> Iterator[None]:
    """TextAttack downloads where it finds no marker; ours goes again, so that a later import of its own may."""
    marker = Path(os.environ.get("TA_CACHE_DIR") or "~/.cache/textattack").expanduser() / MARKER
    before = marker.exists()
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    try:
        yield
    finally:
        if not before:
            marker.unlink(missing_ok=True)


@contextmanager
def _stop_words() -> Iterator[None]:
    """TextAttack builds a default augmenter as it is imported, which reads stop words that robustlab never uses."""
    import nltk

    try:
        nltk.corpus.stopwords.words("english")
    except LookupError:
        with mock.patch.object(nltk.corpus, "stopwords", SimpleNamespace(words=lambda language: [])):
            yield
    else:
        yield


@contextmanager
def _logging() -> Iterator[None]:
    """TextAttack switches off every logger there is and puts a handler of its own on stderr; ours go on as before."""
    loggers = [logger for logger in logging.Logger.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    before = [(logger, logger.disabled) for logger in loggers]
    try:
        yield
    finally:
        for logger, disabled in before:
            logger.disabled = disabled
        its = logging.getLogger(LOGGER)
        its.handlers.clear()
        its.propagate = True


@contextmanager
def _environment() -> Iterator[None]:
    before = os.environ.get(TOKENIZERS)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(TOKENIZERS, None)
        else:
            os.environ[TOKENIZERS] = before

"""Let NLTK read what `find` finds: by itself it takes whatever lies first under a name, such as another WordNet."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

from robustlab.resources.finding import require
from robustlab.resources.places import nltk_folders

if TYPE_CHECKING:
    from nltk.corpus.reader.wordnet import WordNetCorpusReader


def prepare_nltk(folder: str | os.PathLike[str] | None = None) -> None:
    """Make NLTK look where `find` looks, in the same order: what is fingerprinted is then what is read.

    Args:
        folder: The folder of local data; the environment variable ROBUSTLAB_DATA where it is not given.
    """
    import nltk.data

    ours = [str(place) for place in nltk_folders(folder)]
    nltk.data.path[:] = [*ours, *(place for place in nltk.data.path if place not in ours)]


def wordnet(name: str, folder: str | os.PathLike[str] | None = None) -> WordNetCorpusReader:
    """Open a WordNet, and no other that has its place: it stands for `nltk.corpus.wordnet`.

    Args:
        name: `wordnet` or `open-english-wordnet`.
        folder: The folder of local data; the environment variable ROBUSTLAB_DATA where it is not given.
    Raises:
        ValueError: If there is no resource of that name.
        MissingResourceError: If it is not here.
    """
    place = require(name, folder=folder)[name]
    prepare_nltk(folder)  # NLTK refuses to open what lies outside its folders
    from nltk.corpus.reader.wordnet import WordNetCorpusReader
    from nltk.data import FileSystemPathPointer, ZipFilePathPointer

    class English(WordNetCorpusReader):
        def map_wn(self, version: str = "wordnet") -> None:
            """Other languages need a map from whatever WordNet lies under that name; English needs none."""

    zipped = place.suffix == ".zip"
    root = ZipFilePathPointer(str(place), f"{place.stem}/") if zipped else FileSystemPathPointer(str(place))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # no languages but English: none is asked for
        return English(root, None)

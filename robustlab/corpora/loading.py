"""One loader for every corpus, whatever its source."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from robustlab.corpora import files
from robustlab.corpora.catalogue import Corpus, describe

if TYPE_CHECKING:
    from datasets import Dataset

Source = Literal["auto", "local", "hub", "builtin"]
FOLDER_VARIABLE = "ROBUSTLAB_DATA"

logger = logging.getLogger(__name__)


def load(
    name: str, *, split: str = "train", source: Source = "auto", folder: str | os.PathLike[str] | None = None
) -> Dataset:
    """Load one split of a corpus.

    The source that was used is logged, and kept in `dataset.info.description`.

    Args:
        name: One of `names()`, such as `sst2`, `advglue-sst2` or `reviews`.
        split: `train`, `dev` or `test`; not every corpus has all three.
        source: `local` files, the `hub`, a `builtin` generator; `auto` takes the first of local, builtin and hub that
            has the corpus.
        folder: The folder of local files; the environment variable ROBUSTLAB_DATA where it is not given.
    Returns: Columns `text`, `text_pair` if any, `label` (ClassLabel) and `example_id` (row number in the source).
    Raises:
        ValueError: If the corpus, split or source is unknown, or a row is bad.
        FileNotFoundError: If the folder is missing, or lacks the corpus although `source="local"` asks for it.
        ConnectionError: If the hub cannot be reached.
    """
    corpus = describe(name)
    if source not in get_args(Source):
        raise ValueError(f"source must be one of {', '.join(get_args(Source))}, got {source!r}")
    place = _folder(folder)
    chosen = _choose(corpus, place) if source == "auto" else source
    logger.info("%s, split %s: using source %s", name, split, f"local ({place})" if chosen == "local" else chosen)
    if chosen == "local":
        return files.from_folder(corpus, split, _holding(corpus, place))
    if chosen == "builtin":
        return _builtin(corpus, split)
    from robustlab.corpora.hub import from_hub

    return from_hub(corpus, split)


def _folder(folder: str | os.PathLike[str] | None) -> Path | None:
    named = os.environ.get(FOLDER_VARIABLE) if folder is None else folder
    if not named:
        return None
    path = Path(named).expanduser()
    if not path.is_dir():
        origin = FOLDER_VARIABLE if folder is None else "folder"
        raise FileNotFoundError(f"{origin} must name an existing folder, got {str(path)!r}")
    return path


def _holds(corpus: Corpus, folder: Path | None) -> bool:
    return folder is not None and bool(corpus.folder) and bool(files.splits(corpus, folder))


def _choose(corpus: Corpus, folder: Path | None) -> Source:
    if _holds(corpus, folder):
        return "local"
    chosen: Source = "builtin" if corpus.builtin else "hub"
    if folder is not None and not corpus.builtin:
        logger.warning("%s is not in %s: using source %s instead", corpus.name, folder, chosen)
    return chosen


def _holding(corpus: Corpus, folder: Path | None) -> Path:
    if corpus.builtin:
        raise ValueError(f"{corpus.name} has no files: it is generated; use source='builtin'")
    if folder is None:
        raise FileNotFoundError(f"{corpus.name}: source='local' needs a folder: pass `folder` or set {FOLDER_VARIABLE}")
    if not _holds(corpus, folder):
        raise FileNotFoundError(
            f"{corpus.name} is not in {folder}: expected {corpus.folder}/*.jsonl.gz or {corpus.folder}/*.jsonl there"
        )
    return folder


def _builtin(corpus: Corpus, split: str) -> Dataset:
    if not corpus.builtin:
        raise ValueError(f"{corpus.name} is not built in; use source='local' or source='hub', or the corpus 'reviews'")
    from robustlab.corpora import reviews

    return reviews.load(split)

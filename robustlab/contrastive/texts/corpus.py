"""Unlabelled text to learn representations from: files of one's own and the package's corpora, in sentences."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from robustlab.contrastive.texts.wording import built_in
from robustlab.corpora import catalogue, files, loading, reasoning_sets, rows, table
from robustlab.corpora.natural.sentences import split_sentences
from robustlab.corpora.splitting import normalised

_BLANK_LINES = re.compile(r"\n[^\S\n]*\n")
_TABLES = (".csv", ".tsv", ".parquet")
_FORMATS = ".txt, .jsonl, .jsonl.gz, .csv, .tsv, .parquet"


class Text(NamedTuple):
    """A document without a label.

    Attributes:
        example_id: Its number among the texts that were read together, from 0 and without gaps: banks index by it.
        sentences: In order, at least one.
        source: The file or corpus that it came from.
    """

    example_id: int
    sentences: tuple[str, ...]
    source: str

    @property
    def text(self) -> str:
        """The sentences with spaces between them."""
        return " ".join(self.sentences)


def read_texts(
    sources: Sequence[str | os.PathLike[str]],
    *,
    split: str = "train",
    column: str = "text",
    folder: str | os.PathLike[str] | None = None,
    limit: int | None = None,
    least_sentences: int = 1,
) -> list[Text]:
    """Read texts from files and corpora, in the order in which they are named.

    A text that an earlier one equals but for punctuation, case and spacing is left out, and so are blank ones. Both
    texts of a pair count, each for itself.

    Args:
        sources: Names of corpora, such as `reviews` or `sst2`, and files: .txt with a blank line between documents,
            .jsonl, .jsonl.gz, .csv, .tsv and .parquet with a column of texts.
        split: Which split of the corpora.
        column: Which column of the tables.
        folder: The folder of local corpora; the environment variable ROBUSTLAB_DATA where it is not given.
        limit: Most texts of each source.
        least_sentences: Texts of fewer sentences are left out: spans of a document need two.
    Raises:
        FileNotFoundError: If there is no such file, or a corpus is nowhere to be found.
        ValueError: If no source is given, one is of no known kind, for evaluation only, corrupt, lacks the column or
            holds no text; or a number is not positive.
    """
    if not sources or isinstance(sources, str):
        raise ValueError(f"sources must be a list of files and corpora, got {sources!r}")
    for name, value in (("limit", limit), ("least_sentences", least_sentences)):
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    texts: list[Text] = []
    seen: set[str] = set()
    for source in sources:
        name, found = _open(source, split, column, folder)
        before, read = len(texts), 0
        for sentences in found:
            read += 1
            mark = normalised(" ".join(sentences))
            if len(sentences) < least_sentences or mark in seen:
                continue
            seen.add(mark)
            texts.append(Text(len(texts), sentences, name))
            if limit is not None and len(texts) - before == limit:
                break
        if not read:
            raise ValueError(f"{name} holds no text: expected at least one document")
    if not texts:
        raise ValueError(f"no text has {least_sentences} sentences or more: lower least_sentences, or add sources")
    return texts


Found = Iterator[tuple[str, ...]]


def _open(
    source: str | os.PathLike[str], split: str, column: str, folder: str | os.PathLike[str] | None
) -> tuple[str, Found]:
    """The name of a source, and its documents."""
    name = os.fspath(source)
    if name in catalogue.names():
        return name, _of_corpus(name, split, folder)
    path = Path(source)
    if not path.suffix:
        catalogue.describe(name)  # raises, and names the nearest corpus
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {name!r}; expected a file ({_FORMATS}) or the name of a corpus")
    ending = path.suffix.lower()
    if ending == ".txt":
        return name, _split(_BLANK_LINES.split(_text(path)))
    if path.name.lower().endswith(files.ENDINGS):
        return name, _of_rows(files.read_json_lines(path), column, path)
    if ending in _TABLES:
        return name, _of_table(path, column)
    raise ValueError(f"{path.name}: unknown format; expected one of {_FORMATS}")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text ({error}): save it as UTF-8") from error


def _of_rows(read: list[dict[str, object]], column: str, path: Path) -> Found:
    texts = files.column(read, column, path)
    rows.check_texts(texts, column, lambda row: f"{path}, line {row + 1}", "keep")
    return _split(texts)


def _of_table(path: Path, column: str) -> Found:
    frame, place = table.read(path)
    if column not in frame.columns:
        raise ValueError(f"{path.name}: expected a column {column!r}, got {', '.join(map(str, frame.columns))}")
    texts = frame[column].tolist()
    rows.check_texts(texts, column, place, "keep")
    return _split(texts)


def _of_corpus(name: str, split: str, folder: str | os.PathLike[str] | None) -> Found:
    if name in catalogue.ADVGLUE:
        raise ValueError(f"{name} is for evaluation only: nothing may be learned from its texts")
    if catalogue.describe(name).form == "documents":
        documents = reasoning_sets.load_documents(name, split=split, folder=folder)
        return (document.sentences for document in documents)
    held = loading.load(name, split=split, folder=folder)
    columns = [list(held[column]) for column in ("text", "text_pair") if column in held.column_names]
    return _split(text for row in zip(*columns, strict=True) for text in row)


def _split(texts: Iterable[str]) -> Found:
    for text in texts:
        # The reviews are tokenised and in lower case, so that no capital shows where a sentence begins.
        sentences = built_in.sentences(text) if built_in.spoken(text) else split_sentences(text)
        if sentences:
            yield tuple(sentences)

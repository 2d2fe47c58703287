"""Sets of attacked texts that were made once, by people or by another's attack, and are read by every model alike.

Such a set was not made against the model that reads it: an attack of that model may break more, so the accuracy on it
is an upper bound on what would be left. It is the same for all models and costs two forwards an example.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from robustlab.corpora import table
from robustlab.corpora.rows import check_texts
from robustlab.evaluation.attack import words
from robustlab.evaluation.attack.rows import Attacked, Outcome
from robustlab.evaluation.metrics import Predict, Score

if TYPE_CHECKING:
    from pandas import DataFrame

    from robustlab.models import Text

FORMATS = (".jsonl", ".jsonl.gz", ".csv")
COLUMNS = ("text", "attacked_text", "label", "text_pair", "attacked_pair", "group")


@dataclass(frozen=True, eq=False)
class StaticSet:
    """Attacked texts with their labels, and the texts as they were where these are known.

    Attributes:
        name: What it is called: its folder or file.
        labels: Label numbers.
        names: Label names in the order of their numbers.
        attacked: The attacked texts.
        attacked_pairs: Their pairs, if there are any.
        texts: The texts as written; None for a set of attacked texts alone.
        pairs: The pairs as written, if there are any.
        groups: What each example belongs to: its column `group`, else the file that it comes from.
    """

    name: str
    labels: tuple[int, ...]
    names: tuple[str, ...]
    attacked: tuple[str, ...]
    attacked_pairs: tuple[str, ...] | None
    texts: tuple[str, ...] | None
    pairs: tuple[str, ...] | None
    groups: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def sample(self, limit: int | None, seed: int) -> StaticSet:
        """At most `limit` of its examples, drawn by the seed, in the order of the set."""
        if limit is None or limit >= len(self):
            return self
        import numpy as np

        chosen = sorted(np.random.default_rng(seed).permutation(len(self))[:limit])
        columns = ("labels", "attacked", "attacked_pairs", "texts", "pairs", "groups")
        known = {name: column for name in columns if (column := getattr(self, name)) is not None}
        return replace(self, **{name: tuple(column[index] for index in chosen) for name, column in known.items()})


def load_static(path: str | os.PathLike[str], labels: Sequence[str]) -> StaticSet:
    """Load a static set from a file, or from all files of a folder.

    Columns: `attacked_text` and `label`; `text` where the originals are known; for pairs `attacked_pair`, and with
    `text` also `text_pair`; and `group`, such as the kind of the attack. Other columns are left alone. A pair of which
    one side was attacked repeats the other.

    Args:
        path: A .jsonl, .jsonl.gz or .csv file, or a folder of such files.
        labels: Label names in the order of their numbers; the files give names or numbers.
    Raises:
        FileNotFoundError: If there is no such file or folder, or the folder holds no such file.
        ValueError: If a file is corrupt, a column is missing, a text is empty, a label is missing or unknown, a file
            has no rows, or some files have originals or pairs and others have none; file and line are named.
    """
    path = Path(path).expanduser()
    files = _files(path)
    parts = [_part(file, list(labels)) for file in files]
    for key, what in (("texts", "originals (text)"), ("attacked_pairs", "pairs (attacked_pair)")):
        lacking = [file.name for file, part in zip(files, parts, strict=True) if part[key] is None]
        if lacking and len(lacking) < len(files):
            raise ValueError(f"{path}: expected {what} in all files or in none, got none in {', '.join(lacking)}")
    whole: dict[str, Any] = {
        key: None if parts[0][key] is None else sum((part[key] for part in parts), ()) for key in parts[0]
    }
    return StaticSet(name=path.name.split(".")[0], names=tuple(labels), **whole)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        if found := sorted(file for file in path.iterdir() if file.name.lower().endswith(FORMATS)):
            return found
        raise FileNotFoundError(f"{path} holds no static set: expected files that end in {', '.join(FORMATS)}")
    if not path.is_file():
        raise FileNotFoundError(f"no such file or folder: {str(path)!r}; expected a static set ({', '.join(FORMATS)})")
    if not path.name.lower().endswith(FORMATS):
        raise ValueError(f"{path.name}: unknown format; a static set is one of {', '.join(FORMATS)}")
    return [path]


def _part(path: Path, names: list[str]) -> dict[str, Any]:
    frame, place = table.read(path)
    if len(frame) == 0:
        raise ValueError(f"{path.name} holds no rows: expected at least one")
    columns = _columns(frame, path)
    for column, values in columns.items():
        if column not in ("label", "group"):
            check_texts(values, column, place)
    spoken = [table.label_word(value, place(row), "label") for row, value in enumerate(columns["label"])]
    if all(word.isdigit() for word in spoken) and not set(spoken) & set(names):
        labels = table.label_numbers(spoken, [str(number) for number in range(len(names))], place)
    else:
        labels = table.label_numbers(spoken, names, place)
    groups = columns.get("group") or [path.name.split(".")[0]] * len(frame)
    return {
        "labels": tuple(labels),
        "attacked": tuple(columns["attacked_text"]),
        "groups": tuple(str(group) for group in groups),
        **{key: tuple(columns[name]) if name in columns else None for key, name in _OPTIONAL.items()},
    }


_OPTIONAL: Mapping[str, str] = {"texts": "text", "pairs": "text_pair", "attacked_pairs": "attacked_pair"}


def _columns(frame: DataFrame, path: Path) -> dict[str, list[Any]]:
    there = [name for name in COLUMNS if name in frame.columns]
    wanted = {"attacked_text", "label"}
    if "text_pair" in there:
        wanted |= {"text", "attacked_pair"}
    if {"text", "attacked_pair"} <= set(there):
        wanted |= {"text_pair"}
    if lacking := sorted(wanted - set(there)):
        got = ", ".join(map(str, frame.columns)) or "none"
        raise ValueError(f"{path.name}: a static set needs the columns {', '.join(lacking)}, got {got}")
    return {name: frame[name].tolist() for name in there}


def measure(predict: Predict, static: StaticSet) -> list[Attacked]:
    """What each pair of a text and its attacked form does to a model, one row an example.

    Args:
        predict: Texts to logits, as `robustlab.models.predictor` makes it.
        static: The set.
    Returns: Rows with the examples' positions as `example_id`, and 2 `queries` each.
    Raises: ValueError: If the set has no originals, or the logits are of a wrong shape or not finite.
    """
    if static.texts is None:
        raise ValueError(
            f"{static.name} holds attacked texts alone, without the originals (a column text): "
            "only their accuracy can be measured, with attacked_score"
        )
    before = _probabilities(predict, _read(static.texts, static.pairs), static)
    after = _probabilities(predict, _read(static.attacked, static.attacked_pairs), static)
    return [_row(static, index, before[index], after[index]) for index in range(len(static))]


def attacked_score(predict: Predict, static: StaticSet) -> Score:
    """How many attacked texts a model classifies rightly, whatever it makes of the originals.

    Raises: ValueError: If the logits are of a wrong shape or not finite.
    """
    found = _probabilities(predict, _read(static.attacked, static.attacked_pairs), static)
    return Score(found.argmax(1) == torch.tensor(static.labels))


def by_group(rows: Sequence[Attacked], static: StaticSet) -> dict[str, list[Attacked]]:
    """Rows of `measure` by the group of their example, groups in alphabetical order."""
    found: dict[str, list[Attacked]] = {group: [] for group in sorted(set(static.groups))}
    for row in rows:
        found[static.groups[row.example_id]].append(row)
    return found


def _read(texts: Sequence[str], pairs: Sequence[str] | None) -> list[Text]:
    return list(texts) if pairs is None else list(zip(texts, pairs, strict=True))


def _probabilities(predict: Predict, texts: list[Text], static: StaticSet) -> Tensor:
    logits = predict(texts).detach().double().cpu()
    if list(logits.shape) != [len(static), len(static.names)]:
        raise ValueError(f"predict must return logits {[len(static), len(static.names)]}, got {list(logits.shape)}")
    if not logits.isfinite().all():
        bad = int((~logits.isfinite().all(1)).nonzero()[0])
        raise ValueError(f"predict must return finite logits, got {logits[bad].tolist()} for {texts[bad]!r}")
    return logits.softmax(1)


def _row(static: StaticSet, index: int, before: Tensor, after: Tensor) -> Attacked:
    assert static.texts is not None
    label, predicted, attacked = static.labels[index], int(before.argmax()), int(after.argmax())
    outcome: Outcome = "skipped" if predicted != label else "failed" if attacked == label else "succeeded"
    skipped = outcome == "skipped"
    text, pair = static.texts[index], _at(static.pairs, index)
    # Of a skipped example the row ends where it began, as for an attack that had nothing to do.
    ending, ending_pair = (text, pair) if skipped else (static.attacked[index], _at(static.attacked_pairs, index))
    return Attacked(
        example_id=index,
        label=label,
        outcome=outcome,
        text=text,
        text_pair=pair,
        attacked_text=ending,
        attacked_pair=ending_pair,
        predicted=predicted,
        attacked_predicted=predicted if skipped else attacked,
        confidence=float(before[label]),
        attacked_confidence=float((before if skipped else after)[label]),
        queries=2,
        words=len(words.of(text)) + len(words.of(pair or "")),
        changed=words.changed(text, ending) + words.changed(pair or "", ending_pair or ""),
    )


def _at(column: Sequence[str] | None, index: int) -> str | None:
    return None if column is None else column[index]

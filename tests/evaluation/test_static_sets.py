"""Sets of attacked texts: what is read, what is refused and where, and what a model makes of them."""

import csv
import gzip
import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from robustlab.evaluation.attack import report
from robustlab.evaluation.attack.comparison import compare
from robustlab.evaluation.attack.summary import summarise
from robustlab.evaluation.static_sets import attacked_score, by_group, load_static, measure

NAMES = ("negative", "positive")
ROWS = [
    {"text": "a good film", "attacked_text": "a g00d film", "label": 1, "group": "typo"},
    {"text": "a good play", "attacked_text": "a good old play", "label": 1, "group": "insertion"},
    {"text": "no plot", "attacked_text": "good grief , no plot", "label": 0, "group": "insertion"},
    {"text": "good riddance", "attacked_text": "riddance", "label": 0, "group": "typo"},
]


def says_good(texts: list) -> Tensor:
    """Positive where the text, or a text and its pair together, say "good"; confidence .75."""
    joined = [text if isinstance(text, str) else " ".join(text) for text in texts]
    positive = torch.tensor([["good" in text.split()] for text in joined])
    return torch.where(positive, torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.0])) * torch.tensor(3.0).log()


def write(path: Path, rows: list[dict]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def test_rows_of_pairs(tmp_path: Path) -> None:
    rows = measure(says_good, load_static(write(tmp_path / "set.jsonl", ROWS), NAMES))
    assert [row.outcome for row in rows] == ["succeeded", "failed", "succeeded", "skipped"]
    assert [row.example_id for row in rows] == [0, 1, 2, 3]
    assert {row.queries for row in rows} == {2}
    assert [(row.predicted, row.attacked_predicted) for row in rows] == [(1, 0), (1, 1), (0, 1), (1, 1)]
    assert [(row.words, row.changed) for row in rows] == [(3, 1), (3, 1), (2, 2), (2, 0)]
    assert [row.attacked_text for row in rows] == [*(row["attacked_text"] for row in ROWS[:3]), "good riddance"]
    for row, before, after in zip(rows, (0.75, 0.75, 0.75, 0.25), (0.25, 0.75, 0.25, 0.25), strict=True):
        assert (row.confidence, row.attacked_confidence) == pytest.approx((before, after))


@pytest.mark.parametrize("name", ["set.jsonl", "set.jsonl.gz", "set.csv"])
@pytest.mark.parametrize("labels", [lambda number: number, lambda number: NAMES[number]])
def test_formats_and_labels(tmp_path: Path, name: str, labels) -> None:
    rows = [row | {"label": labels(row["label"]), "other": "ignored"} for row in ROWS]
    static = load_static(write(tmp_path / name, rows), NAMES)
    assert (static.name, static.labels, len(static)) == ("set", (1, 1, 0, 0), 4)
    assert static.texts == tuple(row["text"] for row in ROWS)
    assert (static.pairs, static.attacked_pairs) == (None, None)
    assert static.groups == ("typo", "insertion", "insertion", "typo")


def test_a_folder_is_one_set_with_its_files_as_groups(tmp_path: Path) -> None:
    plain = [{key: value for key, value in row.items() if key != "group"} for row in ROWS]
    write(tmp_path / "set" / "b.csv", plain[:1])
    write(tmp_path / "set" / "a.jsonl.gz", plain[1:])
    (tmp_path / "set" / "README.md").write_text("where it is from")
    static = load_static(tmp_path / "set", NAMES)
    assert (static.name, static.groups) == ("set", ("a", "a", "a", "b"))
    assert static.attacked[-1] == ROWS[0]["attacked_text"]
    found = by_group(measure(says_good, static), static)
    assert {group: [row.example_id for row in rows] for group, rows in found.items()} == {"a": [0, 1, 2], "b": [3]}


def test_pairs_of_texts(tmp_path: Path) -> None:
    rows = [
        {
            "text": "who ?",
            "text_pair": "a good man",
            "attacked_text": "who ?",
            "attacked_pair": "a g00d man",
            "label": 1,
        },
        {"text": "why ?", "text_pair": "no reason", "attacked_text": "good why ?", "attacked_pair": "no", "label": 0},
    ]
    made = measure(says_good, load_static(write(tmp_path / "set.jsonl", rows), NAMES))
    assert [row.outcome for row in made] == ["succeeded", "succeeded"]
    assert [(row.text_pair, row.attacked_pair) for row in made] == [("a good man", "a g00d man"), ("no reason", "no")]
    assert [(row.words, row.changed) for row in made] == [(4, 1), (3, 2)]


def test_attacked_texts_alone(tmp_path: Path) -> None:
    rows = [{key: row[key] for key in ("attacked_text", "label")} for row in ROWS]
    static = load_static(write(tmp_path / "set.jsonl", rows), NAMES)
    score = attacked_score(says_good, static)
    assert score.correct.tolist() == [False, True, False, True]
    assert score.interval == pytest.approx((0.5, 0.1500, 0.8500), abs=1e-4)  # Wilson's interval of 2 of 4
    with pytest.raises(ValueError, match="set holds attacked texts alone, without the originals"):
        measure(says_good, static)


def test_accuracy_of_the_attacked_texts_is_more_than_the_robust_one(tmp_path: Path) -> None:
    """An example that is wrong as written and right when attacked counts for the one and not for the other."""
    static = load_static(write(tmp_path / "set.jsonl", ROWS), NAMES)
    assert attacked_score(says_good, static).accuracy == 0.5
    assert sum(row.outcome == "failed" for row in measure(says_good, static)) / len(static) == 0.25


def test_a_sample(tmp_path: Path) -> None:
    static = load_static(write(tmp_path / "set.jsonl", ROWS), NAMES)
    some = static.sample(2, 0)
    assert (len(some), some.name, some.pairs) == (2, "set", None)
    order = [static.attacked.index(text) for text in some.attacked]
    assert order == sorted(order)
    assert some.labels == tuple(static.labels[index] for index in order)
    assert static.sample(2, 0).attacked == some.attacked
    assert {static.sample(2, seed).attacked for seed in range(8)} != {some.attacked}
    assert static.sample(9, 0) is static


def test_what_is_made_of_attacks_serves_static_sets_too(tmp_path: Path) -> None:
    static = load_static(write(tmp_path / "set.jsonl", ROWS), NAMES)
    rows, others = measure(says_good, static), measure(lambda texts: -says_good(texts), static)
    summary = summarise(rows)
    assert (summary.clean_accuracy.value, summary.robust_accuracy.value) == (0.75, 0.25)
    assert (summary.attack_success.value, summary.queries.value) == pytest.approx((2 / 3, 2))
    assert summary.perturbed_words.value == pytest.approx((1 / 3 + 1) / 2)
    assert compare(rows, others).clean_accuracy == (0.75, 0.25)
    assert "good riddance" in report.html(rows, summary, {"set": static.name}, labels=NAMES)


def _without(column: str) -> list[dict]:
    return [{key: value for key, value in row.items() if key != column} for row in ROWS]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (_without("attacked_text"), r"set.jsonl: a static set needs the columns attacked_text, got text, label, group"),
        (_without("label"), "set.jsonl: a static set needs the columns label, got text, attacked_text, group"),
        ([row | {"text_pair": "p"} for row in ROWS], "needs the columns attacked_pair, got text, attacked_text"),
        ([row | {"attacked_pair": "p"} for row in ROWS], "needs the columns text_pair, got text, attacked_text"),
        (
            [ROWS[0], ROWS[1] | {"attacked_text": " "}],
            "set.jsonl, line 2: attacked_text is empty; fill it in or remove",
        ),
        ([ROWS[0], ROWS[1] | {"text": None}], "set.jsonl, line 2: text must be a string, got None"),
        ([ROWS[0], ROWS[1] | {"label": 2}], "set.jsonl, line 2: label must be one of 0, 1, got '2'"),
        ([ROWS[0], ROWS[1] | {"label": "mixed"}], "line 1: label must be one of negative, positive, got '1'"),
        ([ROWS[0], ROWS[1] | {"label": None}], "set.jsonl, line 2: column 'label' is empty; give the row a label"),
        ([], "set.jsonl holds no rows: expected at least one"),
    ],
)
def test_bad_rows(tmp_path: Path, rows: list[dict], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_static(write(tmp_path / "set.jsonl", rows), NAMES)


def test_bad_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file or folder: .*; expected a static set"):
        load_static(tmp_path / "none.csv", NAMES)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="empty holds no static set: expected files that end in .jsonl"):
        load_static(tmp_path / "empty", NAMES)
    (tmp_path / "set.parquet").write_bytes(b"")
    with pytest.raises(ValueError, match="set.parquet: unknown format; a static set is one of .jsonl, .jsonl.gz, .csv"):
        load_static(tmp_path / "set.parquet", NAMES)
    (tmp_path / "cut.jsonl").write_text(json.dumps(ROWS[0]) + '\n{"text": "a go')
    with pytest.raises(ValueError, match="cut.jsonl, line 2: expected a JSON object"):
        load_static(tmp_path / "cut.jsonl", NAMES)
    write(tmp_path / "mixed" / "a.jsonl", ROWS)
    write(tmp_path / "mixed" / "b.jsonl", _without("text"))
    with pytest.raises(ValueError, match=r"expected originals \(text\) in all files or in none, got none in b.jsonl"):
        load_static(tmp_path / "mixed", NAMES)


def test_bad_predictors(tmp_path: Path) -> None:
    static = load_static(write(tmp_path / "set.jsonl", ROWS), NAMES)
    with pytest.raises(ValueError, match=r"predict must return logits \[4, 2\], got \[4, 3\]"):
        measure(lambda texts: torch.zeros(len(texts), 3), static)
    with pytest.raises(ValueError, match=r"finite logits, got \[nan, nan\] for 'a g00d film'"):
        attacked_score(lambda texts: torch.full((len(texts), 2), torch.nan), static)

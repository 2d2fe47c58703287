from pathlib import Path

import pandas as pd
import pytest

from robustlab import corpora

FRAME = pd.DataFrame({"text": ["a, b", 'say "hi"', "NA"], "label": ["spam", "ham", "spam"]})


def save(frame: pd.DataFrame, path: Path) -> Path:
    match path.suffixes[0]:
        case ".csv":
            frame.to_csv(path, index=False)
        case ".tsv":
            frame.to_csv(path, index=False, sep="\t")
        case ".parquet":
            frame.to_parquet(path)
        case _:
            frame.to_json(path, orient="records", lines=True)
    return path


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".jsonl.gz", ".parquet"])
def test_every_format_gives_the_same_rows(tmp_path: Path, ending: str) -> None:
    dataset = corpora.load_table(save(FRAME, tmp_path / f"mine{ending}"))
    assert list(dataset["text"]) == ["a, b", 'say "hi"', "NA"]
    assert list(dataset["label"]) == [1, 0, 1]
    assert list(dataset["example_id"]) == [0, 1, 2]
    assert dataset.features["label"].names == ["ham", "spam"]


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_numbers_are_ordered_as_numbers(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame({"text": ["a", "b", "c"], "label": [10, 9, 2]})
    dataset = corpora.load_table(save(frame, tmp_path / f"mine{ending}"))
    assert dataset.features["label"].names == ["2", "9", "10"]
    assert list(dataset["label"]) == [2, 1, 0]


def test_columns_by_name(tmp_path: Path) -> None:
    frame = pd.DataFrame({"question": ["q"] * 2, "answer": ["a"] * 2, "verdict": ["yes", "no"]})
    path = save(frame, tmp_path / "mine.csv")
    dataset = corpora.load_table(path, text_column="question", pair_column="answer", label_column="verdict")
    assert dataset[0] == {"text": "q", "text_pair": "a", "label": 1, "example_id": 0}


def test_labels_of_a_trained_model_fix_the_numbers(tmp_path: Path) -> None:
    path = save(FRAME, tmp_path / "mine.csv")
    assert list(corpora.load_table(path, labels=["spam", "ham"])["label"]) == [0, 1, 0]
    with pytest.raises(
        ValueError, match=r"mine.csv, row 1 \(counted from 0\): label must be one of spam, eggs, got 'ham'"
    ):
        corpora.load_table(path, labels=["spam", "eggs"])


def test_missing_column(tmp_path: Path) -> None:
    path = save(FRAME, tmp_path / "mine.csv")
    with pytest.raises(ValueError, match="mine.csv: expected a column 'sentence', got text, label"):
        corpora.load_table(path, text_column="sentence")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "text,label\ngood,1\n,0\n", "a.csv, row 1 .counted from 0.: text is empty"),
        ("a.csv", "text,label\ngood,1\nbad,\n", "a.csv, row 1 .counted from 0.: column 'label' is empty"),
        ("a.csv", "text,label\ngood,1\nfine,1\n", "a.csv: column 'label' must hold at least two labels, got .'1'."),
        ("a.csv", "", "a.csv cannot be read as .csv"),
        ("a.parquet", "no parquet", "a.parquet cannot be read as .parquet"),
        ("a.jsonl", '{"text": "good", "label": 1}\n{"text"', "a.jsonl, line 2: expected a JSON object"),
        ("a.jsonl", '{"text": "good", "label": 1}\n{"text": "x"}\n', "a.jsonl, line 2: column 'label' is empty"),
        ("a.txt", "good", "a.txt: unknown format; expected one of .csv, .tsv"),
    ],
)
def test_bad_tables(tmp_path: Path, name: str, content: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        corpora.load_table(path)


def test_no_such_file() -> None:
    with pytest.raises(FileNotFoundError, match="no such file: 'nowhere.csv'; expected a table"):
        corpora.load_table("nowhere.csv")

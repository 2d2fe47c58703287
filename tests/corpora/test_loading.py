import gzip
import json
import logging
from pathlib import Path

import pytest

from robustlab import corpora

ROWS = [{"text": "a fine film", "label": 1}, {"text": "a dull film", "label": 0}]


def write(path: Path, rows: list[dict]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.fixture(autouse=True)
def _no_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROBUSTLAB_DATA", raising=False)


@pytest.mark.parametrize("ending", [".jsonl.gz", ".jsonl"])
def test_local_rows(tmp_path: Path, ending: str) -> None:
    write(tmp_path / "sst2" / f"dev{ending}", ROWS)
    dataset = corpora.load("sst2", split="dev", folder=tmp_path)
    assert list(dataset["text"]) == ["a fine film", "a dull film"]
    assert list(dataset["label"]) == [1, 0]
    assert list(dataset["example_id"]) == [0, 1]
    assert dataset.features["label"].names == ["negative", "positive"]
    assert dataset.info.description == f"sst2, split dev, from dev{ending}"


def test_local_pairs(tmp_path: Path) -> None:
    write(tmp_path / "qnli" / "dev.jsonl", [{"text": "who?", "text_pair": "he did", "label": 0}])
    dataset = corpora.load("qnli", split="dev", folder=tmp_path)
    assert dataset.column_names == ["text", "text_pair", "label", "example_id"]


@pytest.mark.parametrize(
    ("name", "split", "labels"),
    [
        ("qqp", "train", ["not_duplicate", "duplicate"]),
        ("rte", "dev", ["entailment", "not_entailment"]),
        ("mnli", "train", ["entailment", "neutral", "contradiction"]),
        ("mnli_mm", "dev", ["entailment", "neutral", "contradiction"]),
    ],
)
def test_local_glue(tmp_path: Path, name: str, split: str, labels: list[str]) -> None:
    write(tmp_path / name / f"{split}.jsonl.gz", [{"text": "one", "text_pair": "two", "label": 1}])
    dataset = corpora.load(name, split=split, source="local", folder=tmp_path)
    assert (dataset["text_pair"][0], dataset.features["label"].names) == ("two", labels)


def test_advglue_tasks_are_files_of_one_folder(tmp_path: Path) -> None:
    write(tmp_path / "advglue" / "sst2.jsonl.gz", ROWS)
    assert len(corpora.load("advglue-sst2", split="dev", folder=tmp_path)) == 2
    with pytest.raises(ValueError, match="advglue-sst2 has no split 'train' in .*: splits there: dev"):
        corpora.load("advglue-sst2", split="train", folder=tmp_path)


def test_auto_reads_the_folder_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    write(tmp_path / "sst2" / "train.jsonl.gz", ROWS)
    monkeypatch.setenv("ROBUSTLAB_DATA", str(tmp_path))
    with caplog.at_level(logging.INFO, "robustlab"):
        corpora.load("sst2")
    assert f"sst2, split train: using source local ({tmp_path})" in caplog.text


def test_auto_falls_back_to_the_generator_and_says_so(tmp_path: Path, caplog) -> None:
    with caplog.at_level(logging.INFO, "robustlab"):
        dataset = corpora.load("reviews", split="dev", folder=tmp_path)
    assert "reviews, split dev: using source builtin" in caplog.text
    assert dataset.info.description.startswith("reviews, split dev, generated")


def test_auto_never_leaves_a_folder_silently(tmp_path: Path, caplog) -> None:
    with pytest.raises(ConnectionError):
        corpora.load("sst2", folder=tmp_path)
    assert f"sst2 is not in {tmp_path}: using source hub instead" in caplog.text


def test_unreachable_hub_explains_the_local_folder() -> None:
    message = "could not load sst2 from the hub .nyu-mll/glue at [0-9a-f]{40}.*(.|\n)*sst2/dev.jsonl.gz.*ROBUSTLAB_DATA"
    with pytest.raises(ConnectionError, match=message):
        corpora.load("sst2", split="dev", source="hub")


def test_unknown_corpus_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="unknown corpus 'sst-2': did you mean 'sst2'\\? expected one of sst2, qnli"):
        corpora.load("sst-2")
    with pytest.raises(ValueError, match="unknown corpus 'zzzzzz': expected one of sst2"):
        corpora.describe("zzzzzz")


def test_unknown_source() -> None:
    with pytest.raises(ValueError, match="source must be one of auto, local, hub, builtin, got 'web'"):
        corpora.load("sst2", source="web")  # type: ignore[arg-type]


def test_source_that_does_not_have_the_corpus(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sst2 is not built in; use source='local'"):
        corpora.load("sst2", source="builtin")
    with pytest.raises(ValueError, match="reviews has no files: it is generated"):
        corpora.load("reviews", source="local", folder=tmp_path)
    with pytest.raises(ValueError, match="reviews is not on the hub"):
        corpora.load("reviews", source="hub")
    with pytest.raises(
        FileNotFoundError, match="sst2: source='local' needs a folder: pass `folder` or set ROBUSTLAB_DATA"
    ):
        corpora.load("sst2", source="local")
    with pytest.raises(FileNotFoundError, match="sst2 is not in .*: expected sst2/\\*.jsonl.gz"):
        corpora.load("sst2", source="local", folder=tmp_path)
    with pytest.raises(FileNotFoundError, match="folder must name an existing folder, got '.*nowhere'"):
        corpora.load("sst2", folder=tmp_path / "nowhere")


def test_environment_variable_that_names_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROBUSTLAB_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="ROBUSTLAB_DATA must name an existing folder, got '.*nowhere'"):
        corpora.load("reviews")


def test_missing_split_lists_those_there(tmp_path: Path) -> None:
    write(tmp_path / "sst2" / "train.jsonl", ROWS)
    write(tmp_path / "sst2" / "dev.jsonl.gz", ROWS)
    with pytest.raises(ValueError, match="sst2 has no split 'test' in .*sst2: splits there: dev, train"):
        corpora.load("sst2", split="test", folder=tmp_path)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"sentence": "good", "label": 1}, "dev.jsonl, line 3: expected a column 'text', got sentence, label"),
        ({"text": "good"}, "dev.jsonl, line 3: expected a column 'label', got text"),
        ({"text": "  ", "label": 1}, "dev.jsonl, line 3: text is empty"),
        ({"text": None, "label": 1}, "dev.jsonl, line 3: text must be a string, got None"),
        ({"text": "good", "label": 2}, "line 3: label must be from 0 to 1 \\(negative, positive\\), got 2"),
        ({"text": "good", "label": -1}, "line 3: label .* got -1 \\(-1 marks a hidden label"),
        ({"text": "good", "label": "1"}, "line 3: label must be from 0 to 1 .* got '1'"),
        (["good", 1], "dev.jsonl, line 3: expected a JSON object, got list"),
    ],
)
def test_bad_row_is_named(tmp_path: Path, row: object, message: str) -> None:
    write(tmp_path / "sst2" / "dev.jsonl", [*ROWS, row])  # type: ignore[list-item]
    with pytest.raises(ValueError, match=message):
        corpora.load("sst2", split="dev", folder=tmp_path)


def test_line_that_is_cut_short_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "sst2" / "dev.jsonl", ROWS)
    path.write_text(path.read_text()[:-8])
    with pytest.raises(ValueError, match="dev.jsonl, line 2: expected a JSON object, .* corrupt or truncated there"):
        corpora.load("sst2", split="dev", folder=tmp_path)


def test_truncated_gzip_is_named_with_the_last_good_line(tmp_path: Path) -> None:
    path = write(tmp_path / "sst2" / "dev.jsonl.gz", ROWS)
    path.write_bytes(path.read_bytes()[:-8])  # without the checksum that ends the stream
    with pytest.raises(ValueError, match="dev.jsonl.gz is corrupt or truncated after line 2 .*fresh copy"):
        corpora.load("sst2", split="dev", folder=tmp_path)


@pytest.mark.parametrize(
    "content", [b"not gzip at all", gzip.compress(b"\xff\xfe\xff\n", mtime=0)], ids=["text", "bytes"]
)
def test_file_of_other_content_is_named(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path / "sst2" / "dev.jsonl.gz", ROWS)
    path.write_bytes(content)
    with pytest.raises(ValueError, match="dev.jsonl.gz is corrupt or truncated after line 0"):
        corpora.load("sst2", split="dev", folder=tmp_path)


def test_empty_file(tmp_path: Path) -> None:
    write(tmp_path / "sst2" / "dev.jsonl", [])
    with pytest.raises(ValueError, match="sst2, split dev, from dev.jsonl holds no rows"):
        corpora.load("sst2", split="dev", folder=tmp_path)


@pytest.mark.parametrize(
    ("name", "split", "rows", "classes"),
    [
        ("sst2", "train", 67_349, 2),
        ("sst2", "dev", 872, 2),
        ("qnli", "dev", 5_463, 2),
        ("agnews", "test", 7_600, 4),
        ("imdb", "dev", 1_000, 2),
        ("sms_spam", "dev", 542, 2),
        ("advglue-sst2", "dev", 148, 2),
        ("advglue-qnli", "dev", 148, 2),
        ("advglue-mnli", "dev", 121, 3),
        ("advglue-rte", "dev", 81, 2),
        ("advglue-mnli_mm", "dev", 162, 3),
        ("advglue-qqp", "dev", 78, 2),
    ],
)
def test_real_data(shared_data: Path, name: str, split: str, rows: int, classes: int) -> None:
    dataset = corpora.load(name, split=split, source="local", folder=shared_data)
    assert len(dataset) == rows
    assert set(dataset["label"]) == set(range(classes))

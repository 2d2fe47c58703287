"""`robustlab train` with methods that learn from attacked texts."""

import json

import pytest
from datasets import Dataset

from robustlab import corpora
from robustlab.cli import attacked_rows
from robustlab.training import RobustTrainer

QUICK = ("--limit", "60", "--epochs", "2", "--batch-size", "16", "--device", "cpu", "--report-to", "none")
SHARE = ("--attacked-share", "0.5")


@pytest.mark.parametrize("name", ["augmented", "semrode-ot"])
def test_the_reviews_are_attacked_first(name, run, tmp_path):
    told = json.loads(run("train", *QUICK, *SHARE, "--method", name, "--output", tmp_path / "a", "--json").stdout)
    assert told["finished"]
    kept = [json.loads(line) for line in (tmp_path / "a" / attacked_rows.FILE).read_text().splitlines()]
    assert 10 <= len(kept) <= 27  # of 54 rows half are attacked, and most can be changed
    written = {row["example_id"]: row["text"] for row in corpora.load("reviews")}
    assert all(row["attacked_text"] != written[row["example_id"]] for row in kept)


def test_what_is_done_is_said(run, tmp_path):
    shown = run("train", *QUICK, "--method", "semrode", "--output", tmp_path / "a").stdout
    assert "Attacking 10% of the rows first" in shown
    again = run("train", *QUICK, "--method", "standard", "--output", tmp_path / "b").stdout
    assert "Attacking" not in again
    assert not (tmp_path / "b" / attacked_rows.FILE).exists()


def test_an_interrupted_run_goes_on_with_the_same_texts(run, interrupted, tmp_path, monkeypatch):
    command = ("train", *QUICK, *SHARE, "--method", "semrode")
    whole = json.loads(run(*command, "--output", tmp_path / "whole", "--json").stdout)
    step = RobustTrainer.training_step

    def stop(self, *arguments):
        if self.state.global_step == 5 and self.method.objective.needs:
            raise KeyboardInterrupt
        return step(self, *arguments)

    monkeypatch.setattr(RobustTrainer, "training_step", stop)
    assert "--resume" in interrupted(*command, "--output", tmp_path / "cut")
    monkeypatch.setattr(RobustTrainer, "training_step", step)
    monkeypatch.setattr(attacked_rows, "attack_rows", lambda *_, **__: pytest.fail("attacked twice"))
    resumed = json.loads(run(*command, "--output", tmp_path / "cut", "--resume", "--json").stdout)
    assert resumed["results"] == whole["results"]
    assert resumed["best_step"] == whole["best_step"]
    files = [(tmp_path / folder / "model.safetensors").read_bytes() for folder in ("whole", "cut")]
    assert files[0] == files[1]


def test_a_file_with_a_column_of_attacked_texts(run, tmp_path):
    rows = [
        {"text": f"a good film {n}", "hit": f"a fine movie {n}" if n % 2 else "", "label": n % 2} for n in range(40)
    ]
    table = tmp_path / "mine.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    columns = ("--data", table, "--attacked-column", "hit")
    run("train", *QUICK, *columns, "--method", "semrode", "--output", tmp_path / "out", "--json")
    assert not (tmp_path / "out" / attacked_rows.FILE).exists()
    loaded = corpora.load_table(table, attacked_column="hit")
    assert loaded["attacked_text"][:2] == ["a good film 0", "a fine movie 1"]


def test_a_file_without_one_is_attacked_by_near_words(run, tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text(
        "text,label\n" + "".join(f"a {('bad', 'good')[n % 2]} film number {n},{n % 2}\n" for n in range(40))
    )
    shown = run("train", *QUICK, *SHARE, "--data", table, "--method", "augmented", "--output", tmp_path / "out").stdout
    assert "words whose embeddings are near, which may change the meaning" in " ".join(shown.split())
    assert (tmp_path / "out" / attacked_rows.FILE).exists()


def test_what_is_refused(refuse, tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text("text,label\ngood,1\nbad,0\n")
    message = refuse("train", "--data", table, "--method", "semrode", "--attacked-column", "hit")
    assert message == "mine.csv: expected a column 'hit', got text, label"
    message = refuse("train", "--attacked-column", "hit")
    assert message.startswith("--attacked-column is for files")
    message = refuse("train", "--method", "semrode", "--attacked-share", "0")
    assert message == "--attacked-share must be above 0 and at most 1, got 0.0"
    message = refuse("train", "--method", "semrode", "--set", "distance=3")
    assert message == "--set distance=3: method semrode has weight=NUMBER"
    message = refuse("train", "--method", "semrode", "--steps", "3")
    assert message == "method semrode takes no --steps; it takes --set weight="


def test_kept_texts_of_other_rows(tmp_path):
    file = tmp_path / attacked_rows.FILE
    file.write_text('{"example_id": 7, "attacked_text": "x"}\n')
    train = Dataset.from_dict({"text": ["a"], "example_id": [0]})
    with pytest.raises(ValueError, match="holds attacked texts of other rows; delete it to have them made anew"):
        attacked_rows._read(file, train)

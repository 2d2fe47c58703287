"""The reasoner that the book keeps, as `--model recorded` and where no model is named."""

import json

import pytest

from robustlab.cli.reason import reasoners
from robustlab.corpora import reasoning
from robustlab.study.reasoning.recorded import recorded_start


@pytest.fixture
def text(tmp_path):
    """A generated document as a file of one's own, and the document."""
    (document,) = reasoning.load("dev", 1, sentences=8)
    file = tmp_path / "story.txt"
    file.write_text(document.text)
    return file, document


def test_without_a_model_the_recorded_one_answers(run, text):
    file, document = text
    given = ("reason", "ask", "--document", file, "--instruction", document.instruction, "--device", "cpu")
    told = json.loads(run(*given, "--json").stdout)
    assert told["sentences"] == 8
    assert told["answer"] == document.answer
    assert told["chain"], "it writes its reasoning"
    assert told["unknown_words"] == 0


def test_an_evaluation_without_a_model_says_whose_it_is(run, tmp_path):
    small = ("--sentences", "6", "--examples", "2", "--draws", "1", "--kinds", "redundancy", "--no-sensitivity")
    told = json.loads(run("reason", "evaluate", *small, "--output", tmp_path / "x", "--device", "cpu", "--json").stdout)
    assert told["settings"]["model"] == "recorded"
    rows = [json.loads(line) for line in (tmp_path / "x" / "answers.jsonl").read_text().splitlines()]
    answers = {row["example_id"]: row["answer"] for row in rows if not row.get("kind") and "answer" in row}
    documents = reasoning.load("dev", 2, sentences=6)
    theirs = recorded_start().answer(documents)
    assert [answers[document.example_id] for document in documents] == theirs


def test_it_goes_on_as_a_start_of_the_studies_does(run, tmp_path):
    given = ("reason", "train", "--model", "recorded", "--method", "self-negative", "--sentences", "6", "--look", "0")
    plan = json.loads(run(*given, "--output", tmp_path / "x", "--dry-run", "--json").stdout)
    assert (plan["model"], plan["learning_rate"], plan["learns_from"]) == ("recorded", 3e-4, ["counterfactual"])
    assert plan["parameters"] == recorded_start().model.num_parameters()


@pytest.mark.parametrize("verb", ["ask", "evaluate", "train"])
def test_without_the_books_sources_it_is_not_there(refuse, text, monkeypatch, tmp_path, verb):
    monkeypatch.setattr(reasoners, "recorded_start", lambda: recorded_start(tmp_path))
    given = {
        "ask": ("--document", text[0], "--instruction", text[1].instruction),
        "evaluate": ("--sentences", "6", "--examples", "1", "--output", tmp_path / "x"),
        "train": ("--model", "recorded", "--sentences", "6", "--output", tmp_path / "x"),
    }
    message = refuse("reason", verb, *given[verb], "--device", "cpu")
    assert "there is no recorded model here: it comes with the book's sources" in message
    assert "train one with `robustlab reason train` and give its folder with --model" in message
    assert not (tmp_path / "x").exists()

"""`robustlab pretrain`: what it says, what it saves, how it goes on, and what it refuses."""

import itertools
import json

import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from robustlab.training import RobustTrainer

QUICK = ("--limit", "40", "--batch-size", "8", "--held-out", "6", "--device", "cpu", "--report-to", "none")


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    file = tmp_path_factory.mktemp("texts") / "notes.txt"
    nouns, words = ("dog", "cat", "bird", "fish"), ("sleeps", "sings", "runs", "hides")
    told = [f"The {noun} {word} at home. It is not the {other}." for noun in nouns for word in words for other in nouns]
    file.write_text("\n\n".join(told))
    return file


def test_an_encoder_is_saved_and_a_classifier_can_stand_on_it(run, tmp_path):
    record = json.loads(run("pretrain", *QUICK, "--output", tmp_path / "encoder", "--json").stdout)
    assert record["finished"]
    assert record["plan"]["hard_negatives"] > 0.9
    assert {"words_loss", "tokens_loss", "replaced_loss", "sentences_loss", "documents_loss"} <= set(
        record["history"][0]
    )
    assert set(record["geometry"]["before"]) == {"alignment", "relative_alignment", "uniformity", "effective_rank"}
    assert record["geometry"]["before"] != record["geometry"]["after"]
    assert json.loads((tmp_path / "encoder" / "robustlab.json").read_text()) == record
    model, tokenizer = (kind.from_pretrained(tmp_path / "encoder") for kind in (AutoModel, AutoTokenizer))
    assert model(**tokenizer("a fine film", return_tensors="pt")).last_hidden_state.shape[-1] == 64
    card = (tmp_path / "encoder" / "README.md").read_text()
    assert str(tmp_path) not in card
    assert "| alignment |" in card
    trained = run("train", "--model", tmp_path / "encoder", "--limit", "40", "--epochs", "1", "--report-to", "none",
                  "--device", "cpu", "--output", tmp_path / "classifier", "--json")  # fmt: skip
    assert json.loads(trained.stdout)["finished"]


def test_texts_of_ones_own_and_the_control(run, texts, tmp_path):
    told = json.loads(
        run(
            "pretrain", *QUICK, "--data", texts, "--only-words", "--output", tmp_path / "x", "--dry-run", "--json"
        ).stdout
    )
    assert told["data"] == "notes.txt"
    assert told["scales"] == {"words": 1, "tokens": 0, "replaced": 0, "sentences": 0, "documents": 0}
    assert (told["cost_units_a_step"], told["hard_negatives"]) == (3, None)
    assert told["sentences"] == 2 * told["rows"] == 74
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("options", [("--engine", "queue"), ("--engine", "bank"), ("--engine", "prototypes"),
                                     ("--view", "text"), ("--view", "adversarial"), ("--chunk", "6")])  # fmt: skip
def test_every_engine_and_view(run, texts, tmp_path, options):
    record = json.loads(run("pretrain", *QUICK, "--data", texts, *options, "--output", tmp_path, "--json").stdout)
    assert record["finished"]
    assert all(log["sentences_loss"] >= 0 for log in record["history"] if "sentences_loss" in log)


def test_a_collapsed_encoder_is_called_one(run, texts, tmp_path, monkeypatch):
    from robustlab.training import held_out

    monkeypatch.setattr(held_out, "represent", lambda encoder, sentences, **given: torch.ones(len(sentences), 4))
    said = run("pretrain", *QUICK, "--data", texts, "--output", tmp_path / "x").output
    assert "The encoder has collapsed: all held-out sentences are one point." in said
    record = (tmp_path / "x" / "robustlab.json").read_text()
    assert "NaN" not in record
    assert json.loads(record)["geometry"]["after"]["relative_alignment"] is None
    assert "| relative alignment | – | – |" in (tmp_path / "x" / "README.md").read_text()


def test_a_bank_knows_all_sentences_before_the_first_step(run, texts, tmp_path, monkeypatch):
    seen = []
    step = RobustTrainer.training_step

    def look(self, *given):
        engine = self.method.objective.engine
        seen.append((bool(engine.filled.all()), engine.symmetric))
        return step(self, *given)

    monkeypatch.setattr(RobustTrainer, "training_step", look)
    run("pretrain", *QUICK, "--data", texts, "--engine", "bank", "--output", tmp_path)
    assert set(seen) == {(True, True)}


def test_the_plan_is_shown_and_the_results_say_what_next(run, texts, tmp_path):
    said = run("pretrain", *QUICK, "--data", texts, "--output", tmp_path / "x").output
    for words in ("hard negatives", "Held-out sentences", "uniformity", "next: robustlab train --model"):
        assert words in said


def test_an_interrupted_run_goes_on(run, interrupted, texts, tmp_path, monkeypatch):
    arguments = ("pretrain", *QUICK, "--data", texts, "--epochs", "2")
    assert json.loads(run(*arguments, "--output", tmp_path, "--dry-run", "--json").stdout)["optimiser_steps"] == 8
    whole = json.loads(run(*arguments, "--output", tmp_path / "whole", "--json").stdout)
    count, step = itertools.count(1), RobustTrainer.training_step

    def cut(self, *given):
        if next(count) == 4:  # within the first epoch: there is a checkpoint of it all the same
            raise KeyboardInterrupt
        return step(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(RobustTrainer, "training_step", cut)
        assert "give the same command with --resume" in interrupted(*arguments, "--output", tmp_path / "cut")
    assert list((tmp_path / "cut" / "checkpoints").glob("checkpoint-*"))
    resumed = json.loads(run(*arguments, "--output", tmp_path / "cut", "--resume", "--json").stdout)
    assert resumed["geometry"]["after"] == whole["geometry"]["after"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--engine", "que"), "unknown engine 'que': did you mean 'queue'?"),
        (("--view", "echo"), "unknown view 'echo': expected one of dropout, text, adversarial"),
        (("--temperature", "0"), "temperature must be positive, got 0"),
        (("--batch-size", "4000"), "expected at least one batch of 4000 rows"),
        (("--data", "nothing.txt"), "no such file: 'nothing.txt'"),
        (("--data", "review"), "unknown corpus 'review'"),
        (
            ("--words", "0", "--tokens", "0", "--replaced", "0", "--sentence-scale", "0", "--documents", "0"),
            "expected a scale",
        ),
        (("--held-out", "1"), "40 texts are too few to hold sentences out"),
        (("--sentences", "1"), "no document has two sentences, so there are no halves to compare"),
        (
            ("--batch-size", "1", "--sentences", "1", "--documents", "0"),
            "a batch of one row may be one sentence, which has nothing to be far from",
        ),
    ],
)
def test_what_is_refused(refuse, arguments, message, tmp_path):
    assert message in refuse("pretrain", *QUICK, *arguments, "--output", tmp_path / "x")


def test_other_settings_are_not_resumed(run, refuse, texts, tmp_path):
    run("pretrain", *QUICK, "--data", texts, "--output", tmp_path)
    message = refuse("pretrain", *QUICK, "--data", texts, "--output", tmp_path, "--resume", "--words", "2")
    assert "cannot resume" in message
    assert "words is 2.0; it was 1.0" in message

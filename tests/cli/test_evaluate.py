import json
from pathlib import Path

import pytest

from robustlab import corpora, models
from robustlab.corpora.reviews import from_row
from robustlab.evaluation import metrics, substitution

FEW = ("--limit", "40", "--device", "cpu")


@pytest.fixture(scope="module")
def told(run, trained):
    return json.loads(run("evaluate", "--model", trained[0], *FEW, "--pgd", "--checks", "--steps", 3, "--json").stdout)


def test_numbers_equal_those_of_the_library(told, trained):
    model, tokenizer = models.load(str(trained[0]), labels=["negative", "positive"])
    rows = corpora.load("reviews", split="dev").shuffle(seed=0).select(range(40))
    predict = models.predictor(model, tokenizer)
    clean, worst, attacked = told["results"]
    assert (clean["measure"], clean["n"]) == ("clean", 40)
    assert clean["accuracy"] == metrics.accuracy(predict, rows).accuracy
    exact = substitution.worst_case(predict, [from_row(row) for row in rows]).robust_accuracy
    assert worst["accuracy"] == exact
    assert attacked["accuracy"] <= clean["accuracy"]
    assert attacked["radius"] == pytest.approx(0.5 * _norm(model, rows, tokenizer))


def _norm(model, rows, tokenizer) -> float:
    from robustlab.evaluation import white_box

    return white_box.embedding_norm(model, white_box.batches(rows, tokenizer))


def test_several_sets_side_by_side(run, trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.jsonl").write_text('{"text": "good", "label": "positive"}\n{"text": "bad", "label": "negative"}\n')
    shown = run("evaluate", "--model", trained[0], "--data", "reviews", "--data", "mine.jsonl", *FEW).stdout
    assert "worst substitution, exact" in shown
    assert "mine.jsonl" in shown


def test_labels_of_a_table_may_be_numbers(run, trained, tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text("text,label\ngood,1\nbad,0\n")
    result = json.loads(run("evaluate", "--model", trained[0], "--data", table, "--device", "cpu", "--json").stdout)
    assert result["results"][0]["n"] == 2


def test_checks_are_shown_with_their_meaning(run, trained):
    shown = run("evaluate", "--model", trained[0], *FEW, "--checks", "--steps", 1).stdout
    assert "Are the gradients masked?" in shown
    assert "an unbounded attack reaches 0" in shown
    assert "not run" in shown


def test_checks_in_json(told):
    assert [check["passed"] for check in told["checks"]["reviews"]["checks"]][3] is None
    assert len(told["checks"]["reviews"]["checks"]) == 5


def test_another_number_of_labels(refuse, trained, tmp_path):
    (tmp_path / "agnews").mkdir()
    (tmp_path / "agnews" / "dev.jsonl").write_text('{"text": "news", "label": 3}\n')
    message = refuse("evaluate", "--model", trained[0], "--data", "agnews", "--data-dir", tmp_path)
    assert "agnews has 4 labels (World, Sports, Business, Sci/Tech), the model has 2 (negative, positive)" in message


def test_labels_with_other_names(refuse, trained, tmp_path):
    (tmp_path / "sms_spam").mkdir()
    (tmp_path / "sms_spam" / "dev.jsonl").write_text('{"text": "win", "label": 1}\n')
    message = refuse("evaluate", "--model", trained[0], "--data", "sms_spam", "--data-dir", tmp_path)
    assert "their names differ, so an accuracy would mean nothing" in message


def test_a_label_the_model_does_not_have(refuse, trained, tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text("text,label\ngood,positive\nwell,mixed\n")
    message = refuse("evaluate", "--model", trained[0], "--data", table)
    assert "row 1 (counted from 0): label must be one of negative, positive, got 'mixed'" in message


def test_a_model_that_was_never_trained(refuse):
    assert "tiny is a model to train, not a trained one" in refuse("evaluate", "--model", "tiny")


def test_a_model_without_a_trained_head(refuse, tmp_path):
    from transformers import BertConfig, BertModel

    BertModel(BertConfig(vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=1)).save_pretrained(
        tmp_path
    )
    message = refuse("evaluate", "--model", tmp_path)
    assert "was never trained to classify, so its answers would be random" in message


def test_no_such_model(refuse, tmp_path):
    assert "no trained model 'runs/none': there is no such folder" in refuse("evaluate", "--model", "runs/none")
    assert "that folder holds no model" in refuse("evaluate", "--model", tmp_path)


def test_unknown_split(refuse, trained):
    message = refuse("evaluate", "--model", trained[0], "--split", "validation")
    assert "reviews has no split 'validation'" in message


def test_radius_must_be_positive(refuse, trained):
    assert refuse("evaluate", "--model", trained[0], "--radius", "0") == "--radius must be positive, got 0.0"

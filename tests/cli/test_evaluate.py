import json
from pathlib import Path

import pytest

from robustlab import corpora, models
from robustlab.cli.advglue import spelled_out
from robustlab.cli.settings import Rows
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


def static_set(folder: Path) -> Path:
    rows = [
        {"text": "a good film", "attacked_text": "a g00d film", "label": "positive", "group": "typo"},
        {"text": "a bad film", "attacked_text": "a bad bad film", "label": "negative", "group": "more"},
    ]
    (folder / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "mine.jsonl"


def test_a_static_set_of_ones_own(run, trained, tmp_path):
    told = run("evaluate", "--model", trained[0], "--static", static_set(tmp_path), "--device", "cpu", "--json").stdout
    results = json.loads(told)["results"]
    measures = ["clean", "robust, static set", "robust, static set, more", "robust, static set, typo"]
    assert [(row["data"], row["measure"]) for row in results] == [("mine", measure) for measure in measures]
    assert [row["n"] for row in results] == [2, 2, 1, 1]
    assert results[1]["accuracy"] == (results[2]["accuracy"] + results[3]["accuracy"]) / 2
    assert results[1]["accuracy"] <= results[0]["accuracy"]


def test_a_static_set_of_attacked_texts_alone_beside_a_corpus(run, trained, tmp_path):
    path = tmp_path / "alone.csv"
    path.write_text("attacked_text,label\na g00d film,1\n")
    shown = run("evaluate", "--model", trained[0], "--data", "reviews", "--static", path, *FEW).stdout
    assert "alone" in shown
    assert "attacked texts" in shown
    assert "worst substitution, exact" in shown


def test_what_static_sets_are_not_for(refuse, trained, tmp_path):
    path = static_set(tmp_path)
    message = refuse("evaluate", "--model", trained[0], "--static", path, "--pgd")
    assert message == "--pgd and --checks attack the rows of --data, and none are given beside --static"
    assert "no such file or folder" in refuse("evaluate", "--model", trained[0], "--static", tmp_path / "none")


@pytest.fixture
def advglue(tmp_path):
    (tmp_path / "advglue").mkdir()
    for task in ("sst2", "qnli"):
        row = {"text": "good", "label": 1} | ({"text_pair": "bad"} if task == "qnli" else {})
        (tmp_path / "advglue" / f"{task}.jsonl").write_text(json.dumps(row) + "\n")
    return tmp_path


def test_advglue_is_the_tasks_with_the_models_labels(run, trained, advglue):
    told = run("evaluate", "--model", trained[0], "--data", "advglue", "--data-dir", advglue, *FEW, "--json").stdout
    (row,) = json.loads(told)["results"]
    assert (row["data"], row["measure"], row["n"]) == ("advglue-sst2", "attacked texts", 1)


def test_advglue_by_what_a_model_was_trained_on(tmp_path):
    sources = [Rows("sst2"), Rows("advglue", data_dir=tmp_path)]
    entailment = ["entailment", "not_entailment"]
    (tmp_path / "robustlab.json").write_text(json.dumps({"settings": {"rows": {"data": "rte"}}}))
    assert list(spelled_out(sources, str(tmp_path), entailment)) == [
        Rows("sst2"),
        Rows("advglue-rte", data_dir=tmp_path),
    ]
    three = [row.data for row in spelled_out(sources, "some/model", ["entailment", "neutral", "contradiction"])]
    assert three == ["sst2", "advglue-mnli", "advglue-mnli_mm"]
    (tmp_path / "robustlab.json").write_text("{")
    with pytest.raises(ValueError, match="--data advglue: the labels .* fit advglue-qnli and advglue-rte"):
        list(spelled_out(sources, str(tmp_path), entailment))


def test_advglue_for_a_model_of_another_task(refuse, trained):
    with pytest.raises(ValueError, match=r"--data advglue: no task of AdvGLUE has the labels \(ham, spam\)"):
        list(spelled_out([Rows("advglue")], "some/model", ["ham", "spam"]))
    assert "did you mean 'advglue-" in refuse("train", "--data", "advglue")

"""`robustlab reason train`: what it makes and says, what it refuses, and going on after a break."""

import json
import shutil

import pytest

from robustlab import corpora
from robustlab.cli import parsing
from robustlab.cli.reason.method import build
from robustlab.cli.reason.settings import Named
from robustlab.corpora import reasoning
from robustlab.models.reasoner import Reasoner
from robustlab.study.reasoning import methods as study_methods
from robustlab.study.reasoning.cells import MATCHED, Cell
from robustlab.training import reasoning as teaching

QUICK = ("reason", "train", "--sentences", "6", "--hold-out", "8", "--look", "4", "--device", "cpu")
SHORT = (*QUICK, "--steps", "4", "--batch-size", "4", "--every", "2")


def test_it_makes_a_model_that_answers(reader):
    folder, record = reader
    reasoner = Reasoner.load(folder)
    assert len(reasoner.answer(reasoning.load("dev", 3, sentences=6))) == 3
    assert json.loads((folder / "robustlab.json").read_text()) == record
    assert record["finished"]
    assert record["best_step"] in (6, 12)
    assert 0 <= record["held_out_exact_match"] <= 1
    assert record["last_step"]["step"] == 12
    plan = record["plan"]
    assert (plan["optimiser_steps"], plan["documents_seen"], plan["batch_size"]) == (12, 96, 8)
    assert (plan["learning_rate"], plan["cost_units_a_step"]) == (2e-3, 3)


def test_the_quick_look_has_the_constant_model_beside_it(reader):
    look = reader[1]["look"]
    assert (look["model"]["documents"], look["model"]["variants"]) == (4, 16)
    assert look["constant"]["consistency"] == 1
    assert look["constant"]["counterfactual_accuracy"] == 0
    assert [one["kind"] for one in look["by_kind"]] == ["ambiguity", "redundancy", "connection", "contradiction"]


def test_an_earlier_model_goes_on_with_another_method(run, reader, tmp_path):
    method = ("--method", "self-negative", "--kappa", ".1", "--adversarial-share", ".5")
    told = run(*SHORT, "--model", reader[0], *method, "--output", tmp_path / "out")
    assert "counterfactual" in told.stdout
    assert f"robustlab reason evaluate --model {tmp_path / 'out'}" in told.stdout.replace("\n", "")
    record = json.loads((tmp_path / "out" / "robustlab.json").read_text())
    assert record["plan"]["learns_from"] == ["counterfactual"]
    assert record["plan"]["method_parameters"]["project"] == "relative:0.1"
    assert record["plan"]["method_parameters"]["step_size"] == pytest.approx(0.05)
    assert record["plan"]["learning_rate"] == 3e-4
    assert weights(tmp_path / "out") != weights(reader[0])


@pytest.mark.parametrize("name", sorted(study_methods.METHODS.keys() - {MATCHED}))
def test_methods_are_those_of_the_studies(name):
    """What is trained here and what is reported there must be the same."""
    kappa = 0.4 if name.startswith("self-negative") else None
    named = Named(name, kappa, None, None, None, (), None, 0)
    theirs = study_methods.METHODS[name](Cell(study="table1", seed=0, method=name, kappa=0.4))
    ours = build(named)
    assert parsing.describe(ours) == parsing.describe(theirs)
    assert type(ours.objective) is type(theirs.objective)
    assert ours.objective.needs == theirs.objective.needs
    assert ours.objective.units(ours.ascent) == theirs.objective.units(theirs.ascent)


def test_a_dry_run_says_what_would_run(run, tmp_path):
    given = ("reason", "train", "--method", "cat", "--sentences", 30, "--examples", 320, "--look", 0)
    told = json.loads(run(*given, "--output", tmp_path / "x", "--dry-run", "--json").stdout)
    assert (told["optimiser_steps"], told["batch_size"]) == (10, 32)
    assert [stage.split()[-2] for stage in told["stages"]] == ["4-8", "8-16", "16-30", "30"]
    assert sum(int(stage.split()[0]) for stage in told["stages"]) == 10
    assert not (tmp_path / "x").exists()
    shown = run(*given, "--set", "radius=.1", "--output", tmp_path / "x", "--dry-run").stdout
    assert "token-relative:0.1" in shown


def test_documents_of_a_file_are_learned_from(run, tmp_path):
    file = tmp_path / "mine.jsonl"
    corpora.write_documents(file, reasoning.generate(20, seed=3, sentences=5))
    given = ("reason", "train", "--data", file, "--hold-out", 4, "--steps", 2, "--batch-size", 4, "--device", "cpu")
    method = ("--method", "augmented")
    record = json.loads(run(*given, *method, "--output", tmp_path / "out", "--json").stdout)
    assert (record["plan"]["train_documents"], record["plan"]["held_out_documents"]) == (16, 4)
    assert record["plan"]["stages"] == []
    assert record["look"] is None


def test_a_natural_set_is_learned_from(run, tmp_path, shared_data):
    given = ("reason", "train", "--data", "clutrr", "--data-dir", shared_data, "--hold-out", 9400, "--look", 2)
    told = json.loads(run(*given, "--method", "self-negative", "--dry-run", "--json", "--device", "cpu").stdout)
    assert told["train_documents"] > 100
    assert told["learns_from"] == ["counterfactual"]


def test_a_method_whose_companions_cannot_be_made(refuse, tmp_path):
    file = tmp_path / "mine.jsonl"
    corpora.write_documents(file, [_other(number) for number in range(8)])
    message = refuse("reason", "train", "--data", file, "--hold-out", 2, "--method", "self-negative")
    assert "self-negative learns from counterfactual documents, and none can be made" in message


def _other(number):
    return corpora.Document(
        sentences=("It rained.",), paragraphs=(1,), instruction="What?", answer="rain", task="own", example_id=number
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--method", "self-negativ"), "unknown method 'self-negativ': did you mean 'self-negative'?"),
        (("--method", "pgd"), "unknown method 'pgd'"),
        (("--method", "cat", "--kappa", ".3"), "--kappa is for self-negative"),
        (("--method", "cat", "--site", "encoder"), "cat perturbs the words, as its source does: leave out --site"),
        (("--method", "self-negative", "--kappa", "-1"), "must be positive, got -"),
        (("--method", "self-negative", "--set", "radus=1"), "--set radus=1: method self-negative has"),
        (("--method", "standard", "--ascent-steps", "3"), "method standard takes no --ascent-steps"),
        (("--method", "standard", "--site", "encoder"), "standard perturbs nothing: leave out --site encoder"),
        (("--method", "self-negative", "--set", "radius=.1"), "radius of self-negative has an option of its own"),
        (("--method", "lat", "--site", "encoder.9"), "the encoder has 2 blocks"),
        (("--method", "lat", "--site", "layer"), "site must be words, encoder or encoder.N, got 'layer'"),
        (("--steps", "0"), "--steps must be at least 1, got 0"),
        (("--steps", "5", "--examples", "50"), "--steps and --examples say the same: give one of them"),
        (("--batch-size", "0"), "--batch-size must be at least 1, got 0"),
        (("--learning-rate", "nan"), "--learning-rate must be positive, got nan"),
        (("--hold-out", "-1"), "--hold-out must not be negative, got -1"),
        (("--overlong", "cut"), "--overlong must be one of error, truncate, got 'cut'"),
        (("--sentences", "2"), "sentences, got 2"),
        (("--data", "nowhere.jsonl"), "no such file: 'nowhere.jsonl'"),
        (("--model", "small", "--data", "squality"), "squality is read from local files only"),
        (("--adversarial-share", "2"), "share must be"),
    ],
)
def test_bad_values(refuse, tmp_path, monkeypatch, options, message):
    monkeypatch.delenv("ROBUSTLAB_DATA", raising=False)
    said = refuse("reason", "train", "--hold-out", "2", "--look", "2", "--output", tmp_path / "x", *options)
    assert message in said
    assert not (tmp_path / "x").exists(), "refused before anything was written"


def test_models_that_do_not_answer(refuse, reader, trained, tmp_path):
    def said(model, *more):
        return refuse(*SHORT, "--model", model, "--output", tmp_path / "x", *more)

    assert "holds a classifier, which writes no answers" in said(trained[0])
    assert "no trained model" in said(tmp_path)
    assert "--chain and --no-chain are for a fresh model" in said(reader[0], "--chain")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"answer": ""}, "mine.jsonl, line 2: expected a document, got one that does not hold together: document 1: "),
        ({"sentences": [], "paragraphs": []}, "document 1 has no sentences: expected at least one"),
        ({"answer": None}, "mine.jsonl, line 2: expected a document"),
    ],
)
def test_a_document_without_an_answer_or_sentences(refuse, tmp_path, row, message):
    file = tmp_path / "mine.jsonl"
    corpora.write_documents(file, [_other(0), _other(1)])
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    lines[1] |= row
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert message in refuse("reason", "train", "--data", file, "--output", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_documents_longer_than_the_model_reads(run, refuse, reader, tmp_path):
    long = reasoning.generate(6, seed=3, sentences=5)
    long[0] = corpora.Document(**{**vars(long[0]), "sentences": ("on and " * 60, *long[0].sentences[1:])})
    file = tmp_path / "long.jsonl"
    corpora.write_documents(file, long)
    given = ("reason", "train", "--data", file, "--hold-out", 1, "--model", reader[0], "--dry-run", "--device", "cpu")
    message = refuse(*given)
    assert "sentence 0 is 120 long and the model reads 48; give --overlong truncate to cut it" in message
    assert "1 documents are longer than the model reads, and are cut." in run(*given, "--overlong", "truncate").stdout


# Going on after a break


@pytest.fixture
def stop(monkeypatch):
    """Break a training off before a step."""

    def at(step):
        landscape = teaching._Class.landscape

        def cut(self, number):
            if number == step:
                raise KeyboardInterrupt
            return landscape(self, number)

        monkeypatch.setattr(teaching._Class, "landscape", cut)

    yield at
    monkeypatch.undo()


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


SMART = (*SHORT, "--method", "smart")  # it has a teacher, which a checkpoint must hold


def test_a_run_that_was_broken_off_goes_on_to_the_same_weights(run, interrupted, refuse, stop, monkeypatch, tmp_path):
    whole = json.loads(run(*SMART, "--output", tmp_path / "whole", "--json").stdout)
    stop(3)
    said = interrupted(*SMART, "--output", tmp_path / "cut")
    assert "--resume to continue from the last checkpoint" in said
    assert "there is one every 2 steps" in said
    monkeypatch.undo()
    assert "has not finished: give its command again, with --resume" in refuse(*SMART, "--model", tmp_path / "cut")
    assert "is not empty" in refuse(*SMART, "--output", tmp_path / "cut")
    assert "seed is 1; it was 0" in refuse(*SMART, "--seed", "1", "--output", tmp_path / "cut", "--resume")
    resumed = json.loads(run(*SMART, "--output", tmp_path / "cut", "--resume", "--json").stdout)
    assert resumed["look"] == whole["look"]
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")


def test_a_finished_run_is_resumed_without_training(run, reader, stop, tmp_path):
    folder = tmp_path / "again"
    shutil.copytree(reader[0], folder)
    record = folder / "robustlab.json"
    record.write_text(record.read_text().replace(str(reader[0]), str(folder)))
    stop(0)
    run(*QUICK, "--steps", "12", "--batch-size", "8", "--every", "6", "--output", folder, "--resume", "--json")
    assert weights(folder) == weights(reader[0])


def test_what_is_not_a_run_is_neither_resumed_nor_replaced(refuse, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert "nothing to resume" in refuse(*SHORT, "--output", tmp_path, "--resume")
    assert "--overwrite replaces earlier runs only" in refuse(*SHORT, "--output", tmp_path, "--overwrite")
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.slow
@pytest.mark.parametrize("name", study_methods.METHODS)
def test_every_method_trains_and_resumes_bit_for_bit(name, run, interrupted, stop, monkeypatch, tmp_path):
    run(*SHORT, "--method", name, "--output", tmp_path / "whole", "--json")
    stop(3)
    interrupted(*SHORT, "--method", name, "--output", tmp_path / "cut")
    monkeypatch.undo()
    run(*SHORT, "--method", name, "--output", tmp_path / "cut", "--resume", "--json")
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")

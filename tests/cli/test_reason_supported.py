"""`robustlab reason train` with supporting facts: when they are the default, and when they are refused."""

import json

from robustlab import corpora
from robustlab.corpora import reasoning

QUICK = ("reason", "train", "--sentences", "6", "--hold-out", "8", "--look", "4", "--device", "cpu")
SHORT = (*QUICK, "--steps", "4", "--batch-size", "4", "--every", "2")


def silent_one(number):
    """A document that says nothing of how its answer is found."""
    return corpora.Document(
        sentences=("It rained.",), paragraphs=(1,), instruction="What?", answer="rain", task="own", example_id=number
    )


def weights_of(folder):
    return (folder / "model.safetensors").read_bytes()


def test_a_fresh_model_is_told_where_to_look(run, reader, tmp_path):
    """What is used without --method, as the plan names it."""

    def planned(*given):
        told = run("reason", "train", *given, "--look", 0, "--output", tmp_path / "x", "--dry-run", "--json")
        plan = json.loads(told.stdout)
        assert len(set(plan["stages"])) == len(plan["stages"]) <= 2, "short documents have no long ones to grow to"
        return plan["method"], plan["optimiser_steps"]

    assert reader[1]["plan"]["method"] == "supporting-facts"
    assert "missed" in reader[1]["last_step"]
    assert planned("--sentences", 6) == ("supporting-facts", 1800)
    assert planned("--sentences", 6, "--no-chain")[0] == "standard"
    assert planned("--sentences", 6, "--model", reader[0])[0] == "standard"
    assert planned("--sentences", 6, "--method", "standard")[0] == "standard"
    told, silent = tmp_path / "told.jsonl", tmp_path / "silent.jsonl"
    corpora.write_documents(told, reasoning.generate(6, seed=3, sentences=5))
    corpora.write_documents(silent, [silent_one(number) for number in range(6)])
    assert planned("--data", told, "--hold-out", 2)[0] == "supporting-facts"
    assert planned("--data", silent, "--hold-out", 2)[0] == "standard"


def test_the_default_is_its_method_given_by_name(run, reader, tmp_path):
    """The same weights, and a folder that names what was learned from."""
    named = run(
        *(*QUICK, "--steps", "12", "--batch-size", "8", "--every", "6"),
        *("--method", "supporting-facts", "--output", tmp_path / "out", "--json"),
    )
    assert weights_of(tmp_path / "out") == weights_of(reader[0])
    assert json.loads(named.stdout)["settings"]["named"] == reader[1]["settings"]["named"]


def test_supporting_facts_where_nothing_tells_them(run, refuse, tmp_path):
    told = ("--method", "supporting-facts", "--output", tmp_path / "x")
    assert "leaves them out; choose another --method, such as standard" in refuse(*SHORT, *told, "--no-chain")
    assert "has a state for each token, none for a sentence" in refuse(*SHORT, *told, "--model", "google-t5/t5-small")
    assert "method supporting-facts has weight=NUMBER" in refuse(*SHORT, *told, "--set", "weigth=2")
    assert "weight must be positive, got 0" in refuse(*SHORT, *told, "--set", "weight=0")
    file = tmp_path / "silent.jsonl"
    corpora.write_documents(file, [silent_one(number) for number in range(8)])
    message = refuse("reason", "train", "--data", file, "--hold-out", 2, *told)
    assert "learns from documents with gold sentences and a chain of one step for each of them, and" in message
    run(*SHORT, "--no-chain", "--output", tmp_path / "mute")
    assert f"{tmp_path / 'mute'} writes none" in refuse(*SHORT, *told, "--model", tmp_path / "mute")

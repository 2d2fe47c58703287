"""`robustlab prefetch`, and what `robustlab doctor` says of resources."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from robustlab import resources
from robustlab.cli import doctor_resources
from robustlab.resources import fetching, places


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder without resources, on a machine that has none of its own."""
    for name in ("ROBUSTLAB_DATA", "NLTK_DATA", "TFHUB_CACHE_DIR", "TA_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(places, "SYSTEM", ())
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "prefix"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "data"


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would be downloaded; the file that comes is `{}`."""
    asked = []

    def download(url, target, *, sha256="", progress=None):
        asked.append(url)
        target.parent.mkdir(parents=True)
        target.write_text("{}")
        progress(1, 2)
        progress(2, 2)
        return target

    monkeypatch.setattr(fetching, "download", download)
    return asked


def test_it_gets_what_is_missing_and_only_that(run, bare, downloads):
    (told,) = json.loads(run("prefetch", "neighbours", "--data-dir", bare, "--json").stdout)
    assert (told["state"], told["path"]) == ("fetched", str(bare / "lexical/counterfitted_neighbors.json"))
    assert downloads == [resources.describe("neighbours").source]
    shown = run("prefetch", "neighbours", "--data-dir", bare).stdout
    assert re.search(r"neighbours +│ was here", shown)
    assert len(downloads) == 1


def test_a_recipe_stands_for_what_it_reads(run, bare, monkeypatch):
    got = []
    monkeypatch.setattr(resources, "fetch", lambda name, *_, **__: got.append(name))
    run("prefetch", "textfooler+neighbours+minilm", "nltk-tagger", "--data-dir", bare)
    assert got == ["neighbours", "minilm", "nltk-tagger", "nltk-universal-tagset"]


def test_all_is_all_that_can_be_fetched(run, bare, monkeypatch):
    got = []
    monkeypatch.setattr(resources, "fetch", lambda name, *_, **__: got.append(name))
    run("prefetch", "--all", "--data-dir", bare)
    assert got == [name for name in resources.names() if name not in ("lexicon", "homoglyphs")]


def test_one_that_cannot_be_had_does_not_keep_the_others(invoke, bare, downloads):
    result = invoke("prefetch", "masked-lm", "neighbours", "perplexity-lm", "--data-dir", bare, "--json")
    assert result.exit_code == 2
    assert [entry["name"] for entry in json.loads(result.stdout)] == ["neighbours"]
    assert "error: 2 of 3 could not be had: masked-lm comes from the Hugging Face hub" in result.stderr


def test_the_list_says_what_is_here_and_gets_nothing(run, bare, downloads):
    told = {
        entry["name"]: entry for entry in json.loads(run("prefetch", "--list", "--json", "--data-dir", bare).stdout)
    }
    assert list(told) == list(resources.names())
    assert told["wordnet"]["state"] == "missing"
    assert told["wordnet"]["command"] == "robustlab prefetch wordnet"
    assert told["wordnet"]["bytes"] == 10_775_600
    assert "robustlab prefetch wordnet" in run("prefetch", "--list", "--data-dir", bare).stdout
    assert downloads == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name what to get, a resource or a recipe, or give --all; --list shows what there is"),
        (("word-net",), "'word-net' is no resource and no recipe; there are counter-fitted, neighbours,"),
        (("pwws+glove",), "no substitute 'glove' in 'pwws+glove'"),
    ],
)
def test_what_cannot_be_asked_for(refuse, bare, arguments, message):
    assert message in refuse("prefetch", *arguments, "--data-dir", bare)


def test_offline_is_one_line(refuse, bare, monkeypatch):
    import socket

    with socket.socket() as closed:  # bound and not listening
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/it"
        elsewhere = replace(resources.describe("neighbours"), source=address)
        monkeypatch.setattr(fetching, "describe", lambda _: elsewhere)
        said = refuse("prefetch", "neighbours", "--data-dir", bare)
    assert said.startswith(f"cannot reach {address}")
    assert "is this machine offline?" in said


# doctor


def found(data_dir: Path | None) -> dict:
    return {line.what: line for line in doctor_resources.examine(data_dir)}


def test_doctor_says_what_is_missing_how_large_and_how_to_get_it(run, bare):
    lines = found(bare)
    assert set(lines) == {
        *(f"resource {name}" for name in resources.names()),
        *(f"recipe {name}" for name in resources.recipes()),
    }
    missing = lines["resource counter-fitted"]
    assert (missing.state, missing.advice) == ("missing", "robustlab prefetch counter-fitted")
    assert missing.found.endswith("; about 481 MB")
    assert lines["recipe pwws"].found == "lacks wordnet, nltk-stopwords"
    told = {line["what"]: line for line in json.loads(run("doctor", "--data-dir", bare, "--json").stdout)}
    assert told["recipe pwws"]["advice"] == "robustlab prefetch pwws"


def test_doctor_says_where_and_which_version(bare):
    where = bare / "lexical/counterfitted_neighbors.json"
    where.parent.mkdir(parents=True)
    where.write_text("{}")
    line = found(bare)["resource neighbours"]
    assert (line.state, line.found) == ("ok", f"version unknown, {where}")


@pytest.mark.parametrize(
    ("here", "recipe", "said"),
    [
        ("counter-fitted universal-sentence-encoder nltk-tagger nltk-universal-tagset", "textfooler", "can run as it"),
        ("neighbours minilm nltk-tagger nltk-universal-tagset", "textfooler", "textfooler+minilm+neighbours, can run"),
        ("counter-fitted minilm nltk-tagger nltk-universal-tagset", "textfooler", "textfooler+minilm, can run"),
        ("open-english-wordnet nltk-stopwords", "pwws", "lacks wordnet; another attack, pwws+oewn, can run"),
        # The plumbing measures nothing, so it is no advice.
        ("minilm nltk-tagger nltk-universal-tagset nltk-stopwords", "bae", "lacks masked-lm, universal-sentence-enco"),
    ],
)
def test_doctor_says_which_recipes_can_run(here, recipe, said):
    line = doctor_resources._recipe(recipe, set(here.split()))
    assert said in line.found
    assert (line.state == "ok") == ("can run as it" in said)
    assert "plumbing" not in line.found

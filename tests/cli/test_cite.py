"""`robustlab cite`: BibTeX that other programs read, for one method, for several, for robustlab itself."""

import json
import re
from pathlib import Path

import pytest

import robustlab
from robustlab.methods import BY_NAME
from robustlab.methods.sources import sources

ROOT = Path(__file__).resolve().parents[2]


def keys(text: str) -> list[str]:
    return re.findall(r"^@\w+\{(\w+),", text, re.MULTILINE)


def test_a_method_is_cited_by_its_papers(run):
    assert keys(run("cite", "pgd").stdout) == ["madry2018towards", "zhu_aat"]
    assert keys(run("cite", "freelb-released").stdout) == ["zhu2020freelb"]


def test_several_methods_share_their_papers(run):
    assert keys(run("cite", "pgd", "adaptive-freelb").stdout) == ["madry2018towards", "zhu_aat", "zhu2020freelb"]


def test_robustlab_itself_and_its_three_papers(run):
    shown = run("cite").stdout
    assert keys(shown) == ["robustlab", "zhu_aat", "song2026negatives", "assignee2026multiscale"]
    assert f"version = {{{robustlab.__version__}}}" in shown
    assert [one["name"] for one in json.loads(run("cite", "--json").stdout)] == ["robustlab"]


def test_the_book_says_the_same_of_robustlab(run):
    def plain(text: str) -> str:
        return re.sub(r"\s+", " ", text)

    first = run("cite").stdout.split("\n\n")[0]
    assert plain(first) in plain((ROOT / "book" / "cite.md").read_text())


def test_another_parser_reads_what_is_printed(run):
    database = pytest.importorskip("pybtex.database", reason="pybtex comes with the `book` extra")
    shown = run("cite", *BY_NAME).stdout
    found = database.parse_string(shown, "bibtex").entries
    assert list(found) == list(dict.fromkeys(key for name in BY_NAME for key in sources()[name].keys))
    assert str(found["madry2018towards"].persons["author"][0]) == "Madry, Aleksander"
    again = database.parse_string(found["madry2018towards"].to_string("bibtex"), "bibtex").entries
    assert again["madry2018towards"] == found["madry2018towards"]
    assert "robustlab" in database.parse_string(run("cite").stdout, "bibtex").entries


def test_json_says_where_and_what(run):
    [told] = json.loads(run("cite", "ta-vat", "--json").stdout)
    assert told["name"] == "ta-vat"
    assert told["places"]["zhu_aat"] == "Table 2, row TA-VAT"
    assert {"name": "radius ε", "value": 0.5, "key": "li2021tavat", "where": "released code, SST-2",
            "argument": "radius"} in told["values"]  # fmt: skip
    assert keys(told["bibtex"]) == told["keys"] == ["li2021tavat", "zhu_aat"]


def test_an_unknown_method_is_refused(refuse):
    assert refuse("cite", "pgd", "freelp").startswith("unknown method 'freelp': did you mean 'freelb'? expected one of")

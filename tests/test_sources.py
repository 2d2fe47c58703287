"""Every method says which papers it is from, and quotes no value that it does not have."""

import inspect
import re

import pytest

from robustlab.methods import BY_NAME
from robustlab.methods.sources import Place, provenance, sources
from robustlab.papers import entries

# Described in sources.toml without a name in BY_NAME: not yet, or, as for adapters, because it is no Method.
ANNOUNCED = {"adpmixup"}


@pytest.mark.parametrize("name", BY_NAME)
def test_every_method_has_a_provenance(name):
    assert name in sources(), f"add a section [{name}] to robustlab/methods/sources.toml"


def test_no_provenance_without_a_method():
    assert set(sources()) - set(BY_NAME) <= ANNOUNCED


@pytest.mark.parametrize("name", sources())
def test_every_key_is_a_reference(name):
    assert set(sources()[name].keys) <= set(entries())


@pytest.mark.parametrize("name", BY_NAME)
def test_the_docstring_names_the_paper_that_comes_first(name):
    key = sources()[name].keys[0]
    author = re.search(r"author = \{(\w+)", entries()[key])[1]
    assert re.search(rf"Source:.*\b{author}\b", BY_NAME[name].__doc__, re.DOTALL), f"{name}: no {author} under Source"


def test_values_that_are_our_defaults_are_our_defaults():
    checked = []
    for name, factory in BY_NAME.items():
        parameters = inspect.signature(factory).parameters
        for value in sources()[name].values:
            if value.argument:
                assert parameters[value.argument].default == value.value, f"{name}: {value}"
                checked.append((name, value.argument))
    assert {("pgd", "steps"), ("pgd", "step_size"), ("ta-vat", "radius"), ("smart", "noise")} <= set(checked)


def test_a_section_is_read():
    found = provenance("a", {"papers": {"one": "Eq. 1", "two": ""}, "values": [["k", 5, "two", "Table 10", "steps"]]})
    assert found.places == (Place("one", "Eq. 1"), Place("two"))
    assert found.keys == ("one", "two")
    assert (found.values[0].name, found.values[0].value, found.values[0].argument) == ("k", 5, "steps")


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({}, "sources.toml, a: expected at least one paper, got none"),
        ({"papers": {"one": ""}, "paper": "two"}, "sources.toml, a: expected papers, values and note, got paper"),
        (
            {"papers": {"one": ""}, "values": [["k", 5, "two", "", ""]]},
            "sources.toml, a: k is quoted from 'two', which is not listed",
        ),
    ],
)
def test_a_bad_section_is_refused(section, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        provenance("a", section)

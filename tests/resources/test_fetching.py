"""A resource that is missing is fetched to where it is looked for; what is here, or something else, is left alone."""

import hashlib
import io
import os
import tarfile
import zipfile
from dataclasses import replace

import pytest

from robustlab import resources
from robustlab.resources import fetching
from robustlab.resources.fetching import get

VECTORS = resources.describe("counter-fitted")
STOPWORDS = resources.describe("nltk-stopwords")


def zipped(folder: str, files: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{folder}/{name}", text)
    return made.getvalue()


def served(resource, server, content: bytes, sha256: str | None = None):
    """The resource, to be had from the server with the hash that its content has."""
    digest = hashlib.sha256(content).hexdigest() if sha256 is None else sha256
    return replace(resource, source=server.url("it", content), sha256=digest)


def everything_below(folder) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_file_goes_into_the_data_folder(bare, server, tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTLAB_DATA", str(tmp_path / "data"))
    there = get(served(resources.describe("neighbours"), server, b"{}"))
    assert there == tmp_path / "data/lexical/counterfitted_neighbors.json"
    assert resources.find("neighbours") == there
    assert len(server.asked) == 1
    assert resources.fetch("neighbours") == there  # here: nothing is asked for
    assert len(server.asked) == 1


def test_without_a_data_folder_a_file_goes_into_a_cache_of_ours(bare, server):
    there = get(served(resources.describe("neighbours"), server, b"{}"))
    assert there == bare / "cache/robustlab/lexical/counterfitted_neighbors.json"
    assert resources.find("neighbours") == there


def test_nltks_go_where_nltk_looks(bare, server, tmp_path, monkeypatch):
    resource = served(STOPWORDS, server, zipped("stopwords", {"english": "the\n"}))
    assert get(resource) == bare / "nltk_data/corpora/stopwords.zip"
    monkeypatch.setenv("NLTK_DATA", str(tmp_path / "named"))
    (bare / "nltk_data/corpora/stopwords.zip").unlink()
    assert get(resource) == tmp_path / "named/corpora/stopwords.zip"
    (tmp_path / "named/corpora/stopwords.zip").unlink()
    assert get(resource, tmp_path / "data") == tmp_path / "data/nltk_data/corpora/stopwords.zip"


def test_nothing_is_replaced(bare, server, place, tmp_path):
    other = place(tmp_path / "nltk_data/corpora/stopwords.zip", {"danish": "og\n"})
    resource = served(STOPWORDS, server, zipped("stopwords", {"english": "the\n"}))
    before = other.read_bytes()
    assert get(resource, tmp_path) == bare / "nltk_data/corpora/stopwords.zip"
    assert other.read_bytes() == before


def test_where_something_else_stands_in_the_only_place_it_is_named(bare, server, place):
    where = place(bare / ".cache/textattack/word_embeddings/paragramcf", {"nn.npy": "cut short"})
    with pytest.raises(FileExistsError, match=f"counter-fitted: something else, or a part of it, stands in {where}"):
        get(served(VECTORS, server, b""))
    assert server.asked == []


def test_textattacks_archive_is_unpacked_as_textattack_does(bare, server):
    files = dict.fromkeys(VECTORS.files, "numbers")
    there = get(served(VECTORS, server, zipped("paragramcf", files)))
    assert there == bare / ".cache/textattack/word_embeddings/paragramcf"
    assert everything_below(bare / ".cache") == [
        f"textattack/word_embeddings/paragramcf/{file}" for file in sorted(VECTORS.files)
    ]


def test_an_archive_that_was_interrupted_goes_on(bare, server):
    resource = served(VECTORS, server, zipped("paragramcf", dict.fromkeys(VECTORS.files, "numbers")))
    server.cut = 100
    with pytest.raises(ConnectionError, match="stopped after 100 bytes"):
        get(resource)
    assert resources.find("counter-fitted") is None
    server.cut = None
    assert get(resource) == resources.find("counter-fitted")
    assert server.asked == [None, "bytes=100-"]


def test_tensorflow_hubs_archive_has_its_files_at_the_top(bare, server, monkeypatch, tmp_path):
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "tfhub"))
    described = replace(resources.describe("universal-sentence-encoder"), modules=())
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name in (*described.files, "assets/vocabulary"):
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = 1
            archive.addfile(entry, io.BytesIO(b"x"))
    there = get(served(described, server, made.getvalue()))
    assert there == tmp_path / "tfhub" / described.places[0]
    assert everything_below(there) == ["assets/vocabulary", "saved_model.pb", "variables/variables.index"]
    assert os.listdir(tmp_path / "tfhub") == [there.name]
    assert there.stat().st_mode & 0o055 == 0o055  # others on the machine may read it


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>sign in</html>", "paragramcf.archive is broken .* and was removed: fetch it again"),
        (zipped("paragramcf", {"nn.npy": ""}), "paragramcf.archive holds no folder with paragram.npy, wordlist.pickle"),
    ],
)
def test_an_archive_that_is_none_is_refused(content, message, bare, server):
    with pytest.raises(ValueError, match=message):
        get(served(VECTORS, server, content))
    assert everything_below(bare) == []


def test_another_wordnet_in_its_place_is_refused(bare, server):
    listed = resources.describe("wordnet")
    content = zipped("wordnet", {**dict.fromkeys(listed.files, ""), "README": "Open English WordNet\n"})
    with pytest.raises(ValueError, match="wordnet: what came from .* is something else, and was removed"):
        get(served(listed, server, content, sha256=""))
    assert everything_below(bare) == []


def test_the_wrong_hash_is_refused(bare, server):
    with pytest.raises(ValueError, match="expected sha256 0{64}, got"):
        get(served(STOPWORDS, server, zipped("stopwords", {"english": "the\n"}), sha256="0" * 64))
    assert everything_below(bare) == []


def test_what_the_package_carries_is_not_to_be_fetched(bare):
    with pytest.raises(resources.MissingResourceError, match="part of robustlab: pip install --force-reinstall"):
        get(replace(resources.describe("lexicon"), places=("none.json",)))


def test_packages_come_before_what_is_read_through_them(bare, monkeypatch):
    monkeypatch.setattr(fetching.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(
        resources.MissingResourceError, match="pip install tensorflow tensorflow-hub; robustlab prefetch"
    ):
        resources.fetch("universal-sentence-encoder")


def test_the_hub_is_asked_for_the_pinned_files(bare, monkeypatch, tmp_path):
    import huggingface_hub

    asked = {}

    def snapshot_download(repository, **options):
        asked.update(repository=repository, **options)
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    assert resources.fetch("masked-lm") == tmp_path
    described = resources.describe("masked-lm")
    assert (asked["repository"], asked["revision"]) == (described.source, described.version)
    assert set(described.files) < set(asked["allow_patterns"])


def test_the_hub_offline(bare, monkeypatch):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ConnectionError, match="masked-lm comes from the Hugging Face hub, which HF_HUB_OFFLINE"):
        resources.fetch("masked-lm")

    def unreachable(repository, **_):
        raise huggingface_hub.errors.LocalEntryNotFoundError("no connection")

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", unreachable)
    with pytest.raises(ConnectionError, match=r"cannot get google-bert/bert-base-uncased .*\(no connection\)"):
        resources.fetch("masked-lm")


def test_finding_never_downloads(bare, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a download")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
    for name in resources.names():
        resources.find(name)

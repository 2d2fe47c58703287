"""NLTK reads what was found, and not what else lies under the same name."""

import pytest

from robustlab import resources
from robustlab.resources import reading, wordnets
from tests.resources.test_wordnets import FEW, HEADER, files

pytest.importorskip("nltk", reason="NLTK comes with the extra `attack`")


@pytest.fixture
def both(bare, place, tmp_path, monkeypatch):
    """Open English WordNet in the data folder, Princeton's at home, under one name; NLTK knows neither folder."""
    import nltk.data

    monkeypatch.setattr(nltk.data, "path", ["/nowhere"])
    monkeypatch.setattr(wordnets, "PRINCETON_3_0", FEW)
    monkeypatch.setenv("ROBUSTLAB_DATA", str(tmp_path))
    place(tmp_path / "nltk_data/corpora/wordnet.zip", files("  1 Open English WordNet\n", FEW))
    place(bare / "nltk_data/corpora/wordnet", files(HEADER.format("3.0", 2006), FEW))


def test_each_wordnet_is_opened_where_it_was_found(both):
    assert reading.wordnet("wordnet").get_version() == "3.0"
    assert reading.wordnet("open-english-wordnet").get_version() is None  # its files have no line of Princeton's
    assert len(list(reading.wordnet("open-english-wordnet")._data_file("n"))) == 1 + FEW["noun"]


def test_one_that_is_missing_is_not_replaced_by_the_other(bare, place, tmp_path):
    place(tmp_path / "nltk_data/corpora/wordnet.zip", files("  1 Open English WordNet\n", FEW))
    with pytest.raises(resources.MissingResourceError, match=r"robustlab prefetch wordnet, or do without: add \+oewn"):
        reading.wordnet("wordnet", tmp_path)


def test_nltk_takes_the_stop_words_that_were_found(bare, place, tmp_path, monkeypatch):
    import nltk.data
    from nltk.corpus.reader import WordListCorpusReader
    from nltk.corpus.util import LazyCorpusLoader

    place(bare / "nltk_data/corpora/stopwords.zip", {"english": "theirs\n"})
    found = place(tmp_path / "nltk_data/corpora/stopwords.zip", {"english": "ours\n"})
    monkeypatch.setattr(nltk.data, "path", [str(bare / "nltk_data"), "/somewhere/else"])
    assert resources.find("nltk-stopwords", tmp_path) == found
    reading.prepare_nltk(tmp_path)
    assert nltk.data.path[-1] == "/somewhere/else"
    words = LazyCorpusLoader("stopwords", WordListCorpusReader, r"(?!README|\.).*").words("english")  # as NLTK has it
    assert words == ["ours"]

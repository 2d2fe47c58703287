"""A WordNet is read as its format says: a made-up one, known word for word."""

import zipfile

import pytest

from robustlab.contrastive.texts.wording import thesaurus, wordnet

LICENCE = "  1 Open English WordNet\n"
# Offsets are as good as any eight digits. Words: "film" is two parts of speech, "movie" and "picture" are nouns alone;
# "couch" and "sofa" share their first sense, "divan" has it second; "happy" is the opposite of "unhappy" by its first
# word only; "rare" stands in no definition; "thought" is a form of a verb; "house" has too many senses.
NOUNS = """
00000001 06 n 02 couch 0 sofa 0 001 @ 00000009 n 0000 | a sofa, a couch or a divan; "couch sofa couch sofa couch sofa"
00000002 06 n 02 divan 0 couch 0 000 | a divan; "divan divan divan divan"
00000003 06 n 02 thought 0 idea 0 000 | thought, idea, thought, idea, thought, idea, thought, idea
00000004 06 n 02 house 0 home 0 000 | house house house house home home home home
00000005 06 n 02 sofa 0 rareness 0 000 | rareness
"""
ADJECTIVES = """
00000011 00 a 02 happy 0 content 0 001 ! 00000012 a 0101 | happy happy happy happy content content content content
00000012 00 a 01 unhappy 0 001 ! 00000011 a 0101 | unhappy unhappy unhappy unhappy
00000013 00 s 01 pleased(p) 0 001 ! 00000012 a 0101 | pleased pleased pleased pleased
"""
INDICES = {
    "noun": "couch n 2 0 2 0 00000001 00000002\nsofa n 2 0 2 0 00000001 00000005\ndivan n 1 0 1 0 00000002\n"
    "thought n 1 0 1 0 00000003\nidea n 1 0 1 0 00000003\nrareness n 1 0 1 0 00000005\n"
    "house n 3 0 3 0 00000004 00000001 00000002\nhome n 1 0 1 0 00000004\n",
    "adj": "happy a 1 1 ! 1 0 00000011\ncontent a 1 0 1 0 00000011\nunhappy a 1 1 ! 1 0 00000012\n"
    "pleased a 1 1 ! 1 0 00000013\n",
    "adv": "",
    "verb": "think v 1 0 1 0 00000021\n",
}


@pytest.fixture(params=["folder", "zip"])
def place(request, tmp_path):
    files = {f"index.{part}": LICENCE + text for part, text in INDICES.items()}
    files |= {f"data.{part}": LICENCE for part in INDICES}
    files["data.noun"] += NOUNS.lstrip()
    files["data.adj"] += ADJECTIVES.lstrip()
    files["verb.exc"] = "thought think\n"
    if request.param == "zip":
        with zipfile.ZipFile(tmp_path / "wordnet.zip", "w") as archive:
            for name, text in files.items():
                archive.writestr(f"wordnet/{name}", text)
        return tmp_path / "wordnet.zip"
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_synonyms_share_their_first_sense_and_have_no_other_use(place):
    # "home" has one sense, and its peer "house" is offered, but "house" itself has too many to be replaced.
    expected = {"couch": "sofa", "sofa": "couch", "home": "house", "happy": "content", "content": "happy"}
    assert wordnet.read(place).synonyms == {word: (other,) for word, other in expected.items()}


def test_antonyms_are_of_the_word_and_not_of_its_synset(place):
    # "content" shares a sense with "happy" and has no opposite; "pleased" may be a form of a verb.
    assert wordnet.read(place).antonyms == {"happy": ("unhappy",), "unhappy": ("happy",)}


def test_the_own_lists_come_first(place):
    both = thesaurus._with_wordnet("open-english-wordnet", place)
    assert both.name == "carried+open-english-wordnet"
    assert both.antonyms["happy"] == ("sad",)
    assert both.antonyms["unhappy"] == ("happy",)
    assert both.synonyms["couch"] == ("sofa",)
    assert both.synonyms["big"] == thesaurus.carried().synonyms["big"]


def test_without_a_wordnet_the_own_lists_serve_and_the_log_says_so(monkeypatch, caplog):
    monkeypatch.setattr(thesaurus.resources, "find", lambda name: None)
    with caplog.at_level("INFO"):
        assert thesaurus._best.__wrapped__() is thesaurus.carried()
    assert "robustlab prefetch wordnet" in caplog.text

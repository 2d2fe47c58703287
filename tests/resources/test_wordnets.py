"""WordNets share a file layout and a folder's name: they are told apart by what is in them."""

import zipfile

import pytest

from robustlab import resources
from robustlab.resources.wordnets import Edition, edition

# The statistics that Princeton publishes for 3.0; the total is one that it gives itself.
COUNTS, TOTAL = {"noun": 82_115, "verb": 13_767, "adj": 18_156, "adv": 3_621}, 117_659
HEADER = (
    "  1 This software and database is being provided to you\n  2 WordNet {} Copyright {} by Princeton University.  \n"
)
FILES = resources.describe("wordnet").files


def files(header: str, counts: dict[str, int], **more: str) -> dict[str, str]:
    """The files of a WordNet with so many synsets, a line each."""
    data = {
        f"data.{part}": header + "".join(f"{number:08d} 03 n 01 word 0 000 | gloss\n" for number in range(count))
        for part, count in counts.items()
    }
    return {**dict.fromkeys(FILES, ""), **data, **more}


@pytest.fixture(scope="module")
def princeton() -> dict[str, str]:
    return files(HEADER.format("3.0", 2006), COUNTS)


FEW = dict.fromkeys(COUNTS, 3)


@pytest.mark.parametrize("path", ["corpora/wordnet.zip", "corpora/wordnet"])
def test_princetons_is_told_zipped_or_not(path, princeton, place, tmp_path, bare):
    where = place(tmp_path / "nltk_data" / path, princeton)
    assert edition(where) == Edition("Princeton WordNet", "3.0", TOTAL)
    assert resources.find("wordnet", tmp_path) == where
    assert resources.find("open-english-wordnet", tmp_path) is None
    assert resources.fingerprint("wordnet", tmp_path)["version"] == "Princeton WordNet 3.0, 117659 synsets"


@pytest.mark.parametrize("more", ["README", "LICENSE", "data.noun"])
def test_the_open_english_one_under_the_same_name_is_told_wherever_it_names_itself(more, place, tmp_path, bare):
    # Its own files quote Princeton's copyright line.
    text = "Open English WordNet, commit d94538ad0df3d7a4, from WordNet 3.0 Copyright 2006 by Princeton University\n"
    made = files(HEADER.format("3.0", 2006), FEW)
    where = place(tmp_path / "nltk_data/corpora/wordnet.zip", {**made, more: f"  1 {text}" + made.get(more, "")})
    assert edition(where) == Edition("Open English WordNet", "d94538ad0df3", 12)
    assert resources.find("wordnet", tmp_path) is None
    assert resources.find("open-english-wordnet", tmp_path) == where


def test_princetons_copyright_over_other_synsets_is_not_princetons(princeton, place, tmp_path, bare):
    more = "99999999 02 r 01 added 0 000 | gloss\n"
    changed = {**princeton, "data.adv": princeton["data.adv"] + more}
    where = place(tmp_path / "nltk_data/corpora/wordnet", changed)
    assert edition(where) == Edition("another WordNet", "not stated", TOTAL + 1)
    place(where, {**changed, "data.noun": princeton["data.noun"].rstrip("\n").rpartition("\n")[0] + "\n"})
    assert edition(where) == Edition("another WordNet", "not stated", TOTAL)
    assert resources.find("wordnet", tmp_path) is None
    assert resources.find("open-english-wordnet", tmp_path) is None


def test_another_release_of_princetons_is_not_3_0(place, tmp_path, bare):
    where = place(tmp_path / "nltk_data/corpora/wordnet", files(HEADER.format("3.1", 2011), FEW))
    assert edition(where) == Edition("Princeton WordNet", "3.1", 12)
    assert resources.find("wordnet", tmp_path) is None


def test_a_folder_without_its_files_is_none(place, tmp_path):
    assert edition(place(tmp_path / "wordnet", {"data.noun": "x"})) is None
    assert edition(place(tmp_path / "other", {"README": "x"})) is None
    assert edition(place(tmp_path / "wordnet.zip", {"README": "x"})) is None


def test_a_folder_that_changed_is_looked_at_again(place, tmp_path):
    where = place(tmp_path / "wordnet", files(HEADER.format("3.1", 2011), FEW))
    assert edition(where).synsets == 12
    for so_far, part in enumerate(FEW, start=13):
        with (where / f"data.{part}").open("a") as file:
            file.write("99999999 00 x 01 added 0 000 | gloss\n")
        assert edition(where).synsets == so_far


def test_princetons_is_found_behind_another_in_the_data_folder(princeton, place, tmp_path, bare, monkeypatch):
    ours = place(tmp_path / "nltk_data/corpora/wordnet.zip", files("  1 Open English WordNet\n", FEW))
    theirs = place(bare / "nltk_data/corpora/wordnet.zip", princeton)
    monkeypatch.setenv("ROBUSTLAB_DATA", str(tmp_path))
    assert resources.find("wordnet") == theirs
    assert resources.find("open-english-wordnet") == ours


def test_the_real_one_in_the_data_folder(shared_data):
    where = shared_data / "nltk_data" / "corpora" / "wordnet.zip"
    if not where.exists():
        pytest.skip(f"{where} is not there")
    found = edition(where)
    with zipfile.ZipFile(where) as archive:
        quoted = b"WordNet 3.0 Copyright" in archive.read("wordnet/data.adj")[:3000]
        pointed_at = 0  # an index lists the synsets of a lemma at the end of its line, as many as its third field says
        for part in COUNTS:
            lines = [line.split() for line in archive.read(f"wordnet/index.{part}").decode().splitlines()]
            pointed_at += len({offset for line in lines if line[2].isdigit() for offset in line[-int(line[2]) :]})
    assert found.synsets == pointed_at
    assert (found.name == "Princeton WordNet") == (quoted and pointed_at == TOTAL)

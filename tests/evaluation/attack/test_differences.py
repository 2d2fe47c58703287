import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustlab.evaluation.attack.differences import Run, differences, introduced


def brackets(stretches) -> str:
    """[words that differ], {characters that differ within them}."""
    shown = []
    for stretch in stretches:
        within = "".join(
            f"{{{run.text}}}" if run.changed and len(stretch.runs) > 1 else run.text for run in stretch.runs
        )
        shown.append(f"[{within}]" if stretch.changed else within)
    return "".join(shown)


def both(before: str, after: str) -> tuple[str, str]:
    first, second = differences(before, after)
    return brackets(first), brackets(second)


@pytest.mark.parametrize(
    ("before", "after", "first", "second"),
    [
        ("a good film", "a great film", "a [good] film", "a [great] film"),
        ("a good film", "a goood film", "a [good] film", "a [goo{o}d] film"),
        ("a good film", "a gpod film", "a [g{o}od] film", "a [g{p}od] film"),
        ("a good film", "a go od film", "a [good] film", "a [go{ }od] film"),
        ("a good film", "a gоod film", "a [g{o}od] film", "a [g{о}od] film"),
        ("good film.", "great film!", "[good] [film{.}]", "[great] [film{!}]"),
        ("good film", "a good film", "good film", "[a ]good film"),
        ("a  b", "a b", "[a{ }] b", "[a] b"),
        ("one", "", "[one]", ""),
        ("", "", "", ""),
        ("same", "same", "same", "same"),
    ],
)
def test_by_hand(before, after, first, second):
    assert both(before, after) == (first, second)


def test_words_in_the_same_number_are_paired_by_place():
    # the popular word between them would be no anchor in a long text
    before = " ".join(["the"] * 500 + ["dull"] + ["the"] * 500)
    after = before.replace("dull", "keen")
    assert both(before, after) == (before.replace("dull", "[dull]"), after.replace("keen", "[keen]"))


def test_a_rewriting_is_shown_as_a_whole():
    before, after = "x" * 150, "x" * 149 + "y"
    assert both(before, after) == (f"[{before}]", f"[{after}]")


def test_names_of_what_cannot_be_read():
    _, after = differences("a good film here", "a gооd fi\u200blm h\x08ere\ufeff")
    assert introduced(after) == [
        "U+043E CYRILLIC SMALL LETTER O",
        "U+200B ZERO WIDTH SPACE",
        "U+0008 control character",
        "U+FEFF ZERO WIDTH NO-BREAK SPACE",
    ]
    odd = [run for stretch in after for run in stretch.runs if run.name]
    assert [(run.text, run.unseen) for run in odd][:3] == [("о", False), ("о", False), ("\u200b", True)]


def test_what_the_text_had_already_is_not_introduced():
    _, after = differences("the café is good", "the café is gööd")
    assert introduced(after) == ["U+00F6 LATIN SMALL LETTER O WITH DIAERESIS"]
    _, after = differences("été", "stéarines")
    assert after[0].runs == (Run("stéarines", changed=True),)
    _, after = differences("café", "cafés")
    assert introduced(after) == []


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60), st.text(max_size=60))
def test_the_stretches_of_a_text_are_the_text(before, after):
    first, second = differences(before, after)
    assert "".join(one.text for one in first) == before
    assert "".join(one.text for one in second) == after


words = st.lists(st.sampled_from(["a", "b", "film", "films", "Film", "\u200b"]), max_size=30).map(" ".join)


@settings(deadline=None, max_examples=200)
@given(words, words)
def test_what_is_not_marked_is_shared(before, after):
    first, second = differences(before, after)
    shared = ["".join(one.text for one in side if not one.changed) for side in (first, second)]
    assert shared[0] == shared[1]
    assert (before == after) == (not any(one.changed for one in [*first, *second]))
    assert all(one.text and one.runs for one in [*first, *second])


def test_long_texts_of_few_words_are_quick():
    before = "good bad " * 2500
    after = re.sub("(good bad ){7}", lambda found: found[0] + "so ", before)
    first, second = differences(before, after)
    assert "".join(one.text for one in second) == after
    assert "".join(one.text for one in first) == before

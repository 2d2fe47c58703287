import pytest

from robustlab.evaluation.attack import words


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a fine film .", "a fine film .", 0),
        ("a fine film .", "a grand movie .", 2),
        ("a fine film .", "a fine film !", 0),
        ("film fine", "fine film", 2),
        ("a fine film", "a very fine film", 1),
        ("a fine film", "film", 2),
        ("a fine film", "a really quite good film", 3),
        ("the film was fine", "film was really fine", 3),
        ("can't stop", "can't st0p", 1),
    ],
)
def test_changed(before: str, after: str, expected: int) -> None:
    assert words.changed(before, after) == expected


def test_no_more_than_all_words() -> None:
    assert words.changed("film", "a fine film") == 1
    assert words.changed("", "one two") == 1
    assert words.changed("", "...") == 0


def test_punctuation_is_no_word() -> None:
    assert words.of("well , it 's 2 - good .") == ["well", "it", "'s", "2", "good"]

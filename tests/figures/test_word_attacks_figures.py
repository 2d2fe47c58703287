"""The figures and tables of one attack show what the trace holds."""

import re
from types import SimpleNamespace

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

from robustlab.evaluation.attack.rows import Attacked  # noqa: E402
from robustlab.evaluation.attack.tracing import Candidate, Step, Trace  # noqa: E402
from robustlab.figures import word_attacks  # noqa: E402

GREAT = Candidate("great", "the film is great", probability=0.7)
FINE = Candidate("fine", "the film is fine", probability=0.3)
POOR = Candidate("p<b>oor", "the film is poor", rejected="PartOfSpeech")
MOVIE = Candidate("movie", "the movie is fine", probability=0.35)
TRACE = Trace(
    row=Attacked(
        example_id=0,
        label=1,
        outcome="succeeded",
        text="the film is good",
        attacked_text="the film is fine",
        predicted=1,
        attacked_predicted=0,
        confidence=0.9,
        attacked_confidence=0.3,
        queries=6,
        words=4,
        changed=1,
    ),
    words=("the", "film", "is", "good"),
    kept={0: "StopwordModification", 2: "StopwordModification"},
    ranking={3: 0.4, 1: 0.95},
    steps=(Step(3, "good", 0.9, (FINE, GREAT, POOR), FINE, 5), Step(1, "film", 0.3, (MOVIE,), None, 6)),
    probabilities=(0.9, 0.4, 0.95, 0.3, 0.7, 0.35),
)


def cells(table: str) -> list[list[str]]:
    return [re.findall(r"<t[dh]>(.*?)</t[dh]>", row) for row in re.findall(r"<tr>(.*?)</tr>", table)]


def test_a_bar_a_ranked_word_in_the_order_of_the_text() -> None:
    (axes,) = word_attacks.draw_ranking(TRACE).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["the", "film", "is", "good"]
    bars = {round(bar.get_y() + bar.get_height() / 2): bar.get_width() for bar in axes.patches}
    assert bars == {1: pytest.approx(-0.05), 3: pytest.approx(0.5)}
    assert {round(text.get_position()[1]): text.get_text().strip() for text in axes.texts} == {
        0: "stopword",
        2: "stopword",
    }


def test_a_dot_a_query_and_a_star_a_swap() -> None:
    (axes,) = word_attacks.draw_path(TRACE).axes
    dots = next(line for line in axes.lines if line.get_marker() == "o")
    assert list(dots.get_ydata()) == list(TRACE.probabilities)
    stars = [(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_marker() == "*"]
    assert stars == [(4, 0.3)]
    assert [text.get_text() for text in axes.texts] == ["fine"]
    present = next(line for line in axes.lines if line.get_drawstyle() == "steps-post")
    assert list(present.get_xdata()) == [1, 4, 6]
    assert list(present.get_ydata()) == [0.9, 0.3, 0.3]


def test_candidates_with_their_fates() -> None:
    header, *rows = cells(word_attacks.candidates_table(TRACE.steps[0], {"PartOfSpeech": "tagger"}))
    assert header[0] == "instead of “good”"
    assert rows == [
        ["fine", "–", "0.300", "accepted"],
        ["great", "–", "0.700", ""],
        ["p&lt;b&gt;oor", "tagger", "not asked", ""],
    ]


def test_turns() -> None:
    _, *rows = cells(word_attacks.steps_table(TRACE))
    assert rows == [["1", "good", "3", "2", "fine", "0.30", "5"], ["2", "film", "1", "1", "kept", "0.30", "6"]]


def test_parts_are_named_with_their_settings() -> None:
    class Goal: ...

    class Swap:
        max_candidates = 50

    class Encoder:
        threshold, metric, window_size = 0.840845057, "angular", float("inf")

    class Rank:
        wir_method = "delete"

    attack = SimpleNamespace(
        goal_function=Goal(),
        transformation=SimpleNamespace(transformations=[Swap(), Goal()]),
        pre_transformation_constraints=[],
        constraints=[Encoder()],
        search_method=Rank(),
    )
    attackers = {"fooler": SimpleNamespace(attack=attack)}
    (_, row) = cells(word_attacks.parts_table(attackers, {"fooler": ("vectors", "tagger")}))  # pyright: ignore[reportArgumentType]
    assert row == [
        "fooler",
        "Goal",
        "Swap (at most 50); Goal",
        "Encoder (angular, ≥ 0.841)",
        "Rank (delete)",
        "vectors, tagger",
    ]

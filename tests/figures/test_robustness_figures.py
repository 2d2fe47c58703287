"""The first chapter: slots are recognised, breaks are found exactly, and the figures show what they were given."""

from xml.etree import ElementTree

import pytest
import torch

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

from robustlab.corpora import lexicon, reviews  # noqa: E402
from robustlab.evaluation.statistics import Estimate  # noqa: E402
from robustlab.figures import robustness as chapter  # noqa: E402

REVIEW = reviews.Review(
    ("the", "plot", "is", "good", "."), {1: ("plot", "story"), 3: ("commendable", "decent", "good")}, label=1
)


def afraid_of(*words, needed=all):
    """A classifier that says positive unless it reads all of `words`, or any."""

    def predict(texts):
        bad = torch.tensor([needed(word in text.split() for word in words) for text in texts])
        return torch.where(bad[:, None], torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))

    return predict


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_slot_of_the_grammar_has_a_kind(split):
    kinds = {chapter.slot_kind(slot) for number in range(200) for slot in reviews.review(split, number).slots.values()}
    assert kinds == set(chapter.KINDS)


@pytest.mark.parametrize(
    ("family", "kind"),
    [(lexicon.NOT_ALONE, "negation"), (lexicon.LIKING, "opinion"), (lexicon.THING, "aspect"), (lexicon.BUT, "grammar")]
    + [(lexicon.MANNER, "degree")]
    + [(family, "aside") for _, family, _ in lexicon.DISTRACTORS],
)
def test_a_family_is_of_its_kind(family, kind):
    assert chapter.slot_kind(family.words) == kind


def test_words_of_no_slot_are_refused():
    with pytest.raises(ValueError, match="expected the words of a slot of the built-in reviews, got good, friday"):
        chapter.slot_kind(("good", "friday"))


def test_the_table_has_a_row_a_word_and_leaves_out_what_is_written():
    table = ElementTree.fromstring(chapter.slot_table(REVIEW))
    rows = [[cell.text or "" for cell in row] for row in table.iter("tr")]
    assert rows[1:] == [
        ["the", "", ""],
        ["plot", "story", "aspect"],
        ["is", "", ""],
        ["good", "commendable, decent", "opinion"],
        [".", "", ""],
    ]


def test_the_fewest_swaps_are_found_though_a_longer_way_is_listed_first():
    assert chapter.swapped(REVIEW, chapter.fewest_swaps(afraid_of("story", "decent"), REVIEW)) == [
        ("plot", "story"),
        ("good", "decent"),
    ]
    # Among the variants of `backwards`, "the plot is bad" is listed before "the story is bad".
    either = afraid_of("story", "decent", needed=any)
    backwards = reviews.Review(("the", "story", "is", "good", "."), {1: ("plot", "story"), 3: ("bad", "good")}, 1)
    assert chapter.swapped(REVIEW, chapter.fewest_swaps(either, REVIEW)) == [("good", "decent")]
    assert chapter.swapped(backwards, chapter.fewest_swaps(afraid_of("bad"), backwards)) == [("good", "bad")]
    assert chapter.fewest_swaps(afraid_of("dreadful"), REVIEW) is None


def test_swaps_are_shown_beside_what_they_replace():
    assert chapter.show_swaps(REVIEW, "the story is good .") == "the **story** (*plot*) is good ."


def test_a_kind_breaks_alone_or_not_at_all():
    alone = chapter.broken_by_kind(afraid_of("decent"), [REVIEW])
    assert {kind: (broken.share.value, broken.reviews) for kind, broken in alone.items()} == {
        "opinion": (1.0, 1),
        "aspect": (0.0, 1),
    }
    together = chapter.broken_by_kind(afraid_of("story", "decent"), [REVIEW])
    assert [broken.share.value for broken in together.values()] == [0.0, 0.0]


def test_reviews_that_are_wrong_as_written_are_left_out():
    assert chapter.broken_by_kind(afraid_of("good"), [REVIEW]) == {}


def test_shares_are_averaged_over_seeds_within_their_bounds():
    # Mean .8, standard deviation .1, t(.975; 2) = 4.302653: half-width 4.302653 * .1 / sqrt(3) = .248.
    assert chapter.over_seeds([0.7, 0.8, 0.9]) == pytest.approx((0.8, 0.5516, 1.0), abs=1e-4)
    assert chapter.over_seeds([0.0, 0.2, 0.1]).low == 0


def test_what_a_kind_breaks_is_averaged_over_the_seeds_that_all_have_it():
    runs = [chapter.broken_by_kind(afraid_of(word), [REVIEW]) for word in ("decent", "commendable", "story")]
    found = chapter.broken_over_seeds(runs)
    assert {kind: (one.share.value, one.reviews) for kind, one in found.items()} == {
        "opinion": (pytest.approx(2 / 3), 3),
        "aspect": (pytest.approx(1 / 3), 3),
    }
    assert found["opinion"].share.high == 1
    assert chapter.broken_over_seeds([*runs, {"aspect": runs[0]["aspect"]}]).keys() == {"aspect"}


def test_the_plane_shows_means_with_intervals_and_every_run():
    points = [chapter.Point("pgd", f"pgd {n}", (0.7, 0.8, 0.9), (0.5, 0.5, 0.53)) for n in (0, 1)]
    (axes,) = chapter.draw_plane(points).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["pgd 0", "pgd 1"]
    dots = [line for line in axes.lines if line.get_marker() == "."]
    assert [list(line.get_xdata()) for line in dots] == [[0.7, 0.8, 0.9]] * 2
    assert [list(line.get_ydata()) for line in dots] == [[0.5, 0.5, 0.53]] * 2
    for container in axes.containers:
        (line, _, (across, up)) = container
        assert (line.get_xdata()[0], line.get_ydata()[0]) == pytest.approx((0.8, 0.51))
        assert across.get_segments()[0][:, 0] == pytest.approx(chapter.over_seeds([0.7, 0.8, 0.9])[1:])
        assert up.get_segments()[0][:, 1] == pytest.approx(chapter.over_seeds([0.5, 0.5, 0.53])[1:])
        assert axes.get_xlim()[0] < across.get_segments()[0][0, 0]
        assert axes.get_ylim()[0] < up.get_segments()[0][0, 1]
    assert [container[0].get_markerfacecolor() for container in axes.containers][1] == "none"


def test_the_bars_are_in_the_rows_of_their_kinds():
    first = {
        "opinion": chapter.Broken(Estimate(0.5, 0.4, 0.6), 10),
        "aside": chapter.Broken(Estimate(0.2, 0.1, 0.3), 5),
    }
    second = {"aside": chapter.Broken(Estimate(0.4, 0.3, 0.5), 5)}
    (axes,) = chapter.draw_kinds({"one": ("standard", first), "two": ("pgd", second)}).axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["opinion", "aside"]
    one, two = (bars for bars in axes.containers if hasattr(bars, "patches"))
    assert [bar.get_width() for bar in one] == [0.5, 0.2]
    (aside,) = two
    assert aside.get_width() == 0.4
    assert round(aside.get_y() + aside.get_height() / 2) == 1


def row(**changes):
    made = {"method": "standard", "model": "minilm", "train_size": 4000, "seed": 0, "clean_accuracy": 0.9}
    counts = {"clean_correct": 90, "clean_n": 100, "advglue_accuracy": 0.3, "advglue_correct": 30, "advglue_n": 100}
    return made | counts | changes


def test_recorded_runs_are_tabulated_and_their_absence_is_said():
    assert "No runs are recorded yet" in chapter.recorded_gap([])
    assert "No runs are recorded yet" in chapter.recorded_gap([row(method="pgd")])
    assert "The drop is 60.0 points, from one run." in chapter.recorded_gap([row()])
    two = chapter.recorded_gap([row(seed=1, advglue_accuracy=0.5), row()])
    assert "The drop is 50.0 points on average over 2 runs" in two
    assert two.index("<td>4000</td><td>0</td><td>90.0 %") < two.index("<td>4000</td><td>1</td><td>90.0 %")

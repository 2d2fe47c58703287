"""Full moves against loops over the units."""

import pytest
import torch
import torch.nn.functional as F

from robustlab.ascent.goals import kl
from robustlab.ascent.moves import Ascend, Interpolate, Move, ReplaceByMean, Swap, Toward
from robustlab.ascent.starts import normal
from robustlab.ascent.units import units_of
from tests.ascent.sentences import MIXED, Documents

FIELDS = (Swap(), Swap(pool="document"), Interpolate(), ReplaceByMean())


def unit_means(place: Documents) -> dict[tuple[int, int], torch.Tensor]:
    return {
        (row, i): place.base[row, place.units[row] == i].mean(0)
        for row in range(len(place.base))
        for i in range(int(place.units[row].max()) + 1)
    }


def nearest(means: dict, me: tuple[int, int], *, across: bool, alike: float = 0.8) -> torch.Tensor:
    """The displacement to the other unit that is nearest about the mean of the pool, by a loop."""
    best, found = -2.0, torch.zeros_like(means[me])
    centre = torch.stack([mean for other, mean in means.items() if across or other[0] == me[0]]).mean(0)
    for other, mean in means.items():
        cosine = float(F.cosine_similarity(means[me] - centre, mean - centre, dim=0))
        if other != me and (across or other[0] == me[0]) and best < cosine < alike:
            best, found = cosine, mean - means[me]
    return found


def expected(move: Move, means: dict, me: tuple[int, int]) -> torch.Tensor:
    if isinstance(move, ReplaceByMean):
        others = [mean for other, mean in means.items() if other[0] == me[0] and other != me]
        return torch.stack(others).mean(0) - means[me] if others else torch.zeros_like(means[me])
    return nearest(means, me, across=isinstance(move, Swap) and move.pool == "batch")


@pytest.mark.parametrize("move", FIELDS, ids=repr)
def test_a_field_shifts_every_position_of_a_unit_to_where_the_loop_says(move: Move) -> None:
    place = Documents(MIXED)
    field, means = move.field(place, units_of(place)), unit_means(place)
    for (row, i), _ in means.items():
        for position in (place.units[row] == i).nonzero().flatten():
            torch.testing.assert_close(field[row, position], expected(move, means, (row, i)))
    assert field[place.units < 0].abs().max() == 0


def test_what_says_the_same_is_no_match() -> None:
    place = Documents([[1, 1, 1]])
    place.base[0, 2] = place.base[0, 1] + 0.01 * place.base[0, 3]
    field = Interpolate().field(place, units_of(place))
    torch.testing.assert_close(field[0, 1], place.base[0, 3] - place.base[0, 1])
    everything = Interpolate(alike=2.0).field(place, units_of(place))  # then a unit is its own match
    assert everything.abs().max() < 1e-12


@pytest.mark.parametrize("move", [Swap(), Interpolate()], ids=repr)
def test_what_all_units_share_does_not_make_them_the_same(move: Move) -> None:
    """A common part of any size changes no match: by the plain cosine all of these units would be one."""
    place, moved = Documents(MIXED), Documents(MIXED)
    moved.base = moved.base + 1e4
    before, after = move.field(place, units_of(place)), move.field(moved, units_of(moved))
    assert before.abs().max() > 1
    torch.testing.assert_close(after, before)


@pytest.mark.parametrize("move", [Swap(pool="document"), Interpolate(), ReplaceByMean()], ids=repr)
def test_a_unit_alone_in_its_document_has_nowhere_to_go(move: Move) -> None:
    place = Documents([[2], [1, 1]])
    assert move.field(place, units_of(place))[0].abs().max() == 0
    assert Swap().field(place, units_of(place))[0].abs().max() > 0


def test_toward_a_companion_ends_on_it_whatever_its_padding() -> None:
    place, other = Documents(MIXED), Documents(MIXED, seed=5)
    for companion in (other, other.padded(4)):
        place.companions = {"counterfactual": companion}
        inside = place.units >= 0
        field = Toward("counterfactual").field(place, units_of(place))
        torch.testing.assert_close((place.base + field)[inside], other.base[inside])
        assert field[~inside].abs().max() == 0
    short = Documents(MIXED, room=3)
    short.companions = {"counterfactual": other}
    assert Toward("counterfactual").field(short, units_of(short)).shape == short.shape


def test_a_companion_laid_out_in_another_way_is_refused() -> None:
    place = Documents([[2, 2], [1]])
    for lengths in ([[1, 3], [1]], [[2, 2], [1, 1]], [[2, 2, 4], [1]]):
        place.companions = {"counterfactual": Documents(lengths)}
        with pytest.raises(ValueError, match="does not lie on its documents position by position: expected units"):
            Toward("counterfactual").field(place, units_of(place))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0, "step_size": 0.1}, "steps must be at least 1, got 0"),
        ({"steps": 1, "step_size": -0.1}, r"step_size must be positive, got -0\.1"),
        ({"steps": 1, "step_size": 0.1, "goal": kl}, "goal kl needs a start away from 0"),
    ],
)
def test_bad_settings(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Ascend(**settings)
    assert Ascend(steps=1, step_size=0.1, goal=kl, start=normal(1e-3)).goal is kl


@pytest.mark.usefixtures("unchecked")
def test_a_pool_of_another_name() -> None:
    with pytest.raises(ValueError, match='pool must be "batch" or "document", got \'corpus\''):
        Swap(pool="corpus")

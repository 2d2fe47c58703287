"""What the recorded attacks on words show, in sentences that follow the rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from robustlab.methods import BY_NAME
from robustlab.methods.costs import formula
from robustlab.study.attacks_table import ADVGLUE, FIRST, SECOND, Against, Row, against
from robustlab.study.compare import LEVEL
from robustlab.study.recorded import listed, nothing, origin


def provenance(rows: Sequence[Row]) -> str:
    """Where the rows come from, and whether they are of the recorded models, or that there are none."""
    if not rows:
        return nothing("book/results/attacks/sst2-minilm.jsonl")
    models = {(row["method"], row["seed"]): row["different_answers"] for row in rows}
    same = sum(not different for different in models.values())
    recipes = ", ".join(f"`{recipe}`" for recipe in dict.fromkeys(row["recipe"] for row in rows))
    return (
        f"{origin(rows)}: "
        f"{recipes} against {len(models)} models of {listed(rows, 'model')}, seeds {listed(rows, 'seed')}, on the same "
        f"{listed(rows, 'examples')} sentences of the SST-2 dev set. The models were trained again from their recorded "
        f"settings, and {same} of the {len(models)} then answered every dev sentence as recorded."
    )


def verdict(rows: Sequence[Row], first: str = FIRST, second: str = SECOND) -> str:
    """What two methods' rows show, attack by attack, in Markdown; no claim without runs."""
    found = against(rows, first, second)
    if not found:
        return f"No seed has runs of both `{first}` and `{second}`: there is nothing to compare yet."
    number = sum(len(one.tests) for one in found)
    below = sum(p < LEVEL for one in found for p in one.adjusted)
    lines = [f"- {_told(one, first, second)}" for one in found]
    lines.append(
        f"- Of {_counted(number, 'paired test')} of McNemar's, {below or 'none'} "
        f"{'is' if below <= 1 else 'are'} below {LEVEL} after Holm's correction."
    )
    return "\n".join(lines)


def _told(one: Against, first: str, second: str) -> str:
    value, low, high = one.over_seeds
    start = f"{_name(one.attack)} ({_counted(one.n, 'sentence')}): "
    if math.isnan(low):
        return start + f"one seed, {value:+.1f} points. One pair of models says nothing of the methods."
    if one.shown:
        ahead, behind = (first, second) if one.shown > 0 else (second, first)
        return (
            start + f"`{ahead}` is more robust than `{behind}`, by {abs(value):.1f} points on average. The intervals "
            "over seeds and over sentences both leave out 0."
        )
    _, lower, higher = one.over_sentences
    if lower > 0 or higher < 0:
        return (
            start + f"the models differ, by {value:+.1f} points on average and {lower:+.1f} to {higher:+.1f} over "
            f"sentences, but the interval over seeds, {low:+.1f} to {high:+.1f}, holds 0: no difference of the methods "
            "that these rows can show."
        )
    return (
        start + f"no difference that these rows can show. On average it is {value:+.1f} points, from {low:+.1f} to "
        f"{high:+.1f} over seeds and from {lower:+.1f} to {higher:+.1f} over sentences."
    )


def _name(attack: str) -> str:
    return attack if attack == ADVGLUE else f"`{attack}`"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("s" if number != 1 else "")


def beside_paper(rows: Sequence[Row], first: str = FIRST, second: str = SECOND) -> str:
    """Whether the paper's order of two methods is confirmed, contradicted or left open by the rows."""
    found = [one for one in against(rows, first, second) if one.paper is not None]
    if not found:
        return ""
    kinds: dict[str, list[str]] = {"confirm it": [], "contradict it": [], "leave it open": []}
    for one in found:
        sign = int(math.copysign(1, one.paper or 0.0))
        verb = "leave it open" if not one.shown else "confirm it" if one.shown == sign else "contradict it"
        kinds[verb].append(one.attack)
    ahead = [f"{_name(one.attack)} {one.paper:+.1f}" for one in found]
    told = "; ".join(f"{verb} for {', '.join(map(_name, some))}" for verb, some in kinds.items() if some)
    return f"In the paper's Table 2, `{first}` less `{second}` is, in points: {', '.join(ahead)}. Our rows {told}."


def cost(rows: Sequence[Row], first: str = FIRST, second: str = SECOND) -> str:
    """What a training step of each costs, and what a comparison at equal compute would be."""
    steps = {row["steps"] for row in rows if row["method"] == first and row["steps"]}
    if len(steps) != 1:
        return ""
    (k,) = steps
    one, other = (formula(BY_NAME[name]) for name in (first, second))
    return (
        f"A training step of `{first}` costs {one} passes, {one(k):g} at k = {k}; one of `{second}` costs "
        f"{other(k):g}. Both had the same number of steps. At equal compute `{second}` would have had "
        f"{one(k) / other(k):g} times as many after the common start, which no row here has."
    )

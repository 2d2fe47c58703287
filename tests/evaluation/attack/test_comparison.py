import json
from dataclasses import replace

import pytest

from robustlab.evaluation.attack.comparison import compare
from tests.evaluation.attack.example_rows import attacked, outcomes


def test_by_hand():
    # robust: 6 against 1 among 7 coin flips; as written: 1 against 2 among 3
    first, second = outcomes("fffffff-sss-"), outcomes("ssssss-fsf-s")
    found = compare(first[:11], second[:11], resamples=200)
    assert found.examples == 11
    assert found.robust == (7, 2, pytest.approx(2 * (1 + 9 + 36) / 2**9))
    assert found.clean == (2, 1, 1.0)
    assert found.robust_accuracy == (pytest.approx(7 / 11), pytest.approx(2 / 11))
    assert found.clean_accuracy == (pytest.approx(10 / 11), pytest.approx(9 / 11))
    assert found.difference.value == pytest.approx(5 / 11)
    assert found.difference.low < 5 / 11 < found.difference.high
    assert found.left_out == (0, 0)


def test_the_order_of_the_rows_does_not_matter():
    first, second = outcomes("fs-fsfs"), outcomes("ff-sssf")
    assert compare(first, second[::-1], resamples=100) == compare(first, second, resamples=100)


def test_swapped():
    first, second = outcomes("fs-fsfs"), outcomes("ss-sssf")
    one, other = compare(first, second, resamples=100), compare(second, first, resamples=100)
    assert one.robust[:2] == other.robust[1::-1]
    assert one.difference.value == -other.difference.value


def test_other_examples_are_refused_and_counted():
    first, second = outcomes("fsfsf"), outcomes("fsfs")
    second[1] = replace(second[1], text="another text")
    second[2] = replace(second[2], label=0)
    message = "3 of 5 are in the first only, 2 of 4 in the second only, 2 in both"
    with pytest.raises(ValueError, match=message):
        compare(first, second)
    found = compare(first, second, common=True, resamples=50)
    assert (found.examples, found.left_out) == (2, (3, 2))
    assert found.robust_accuracy == (0.5, 0.5)


def test_pairs_are_part_of_the_example():
    first, second = ([attacked(n, text_pair=f"{n}{side}") for n in range(3)] for side in "ab")
    with pytest.raises(ValueError, match="0 in both"):
        compare(first, second)


def test_too_few_in_common():
    with pytest.raises(ValueError, match="expected at least 2 examples in both runs, got 1"):
        compare(outcomes("fs"), outcomes("f"), common=True)


@pytest.mark.parametrize(("first", "second", "which"), [("", "ff", "first"), ("ff", "", "second")])
def test_no_rows(first, second, which):
    with pytest.raises(ValueError, match=f"expected at least one attacked example in the {which} run, got none"):
        compare(outcomes(first), outcomes(second))


def test_an_example_counts_once():
    with pytest.raises(ValueError, match="the second run holds 1 of its examples more than once"):
        compare(outcomes("fs"), [*outcomes("fs"), *outcomes("f")])


def test_plain_is_json():
    told = compare(outcomes("fs-"), outcomes("ss-"), resamples=50).plain()
    assert json.loads(json.dumps(told))["robust"] == {"only_first": 1, "only_second": 0, "p_value": 1.0}
    assert set(told["difference"]) == {"value", "low", "high"}

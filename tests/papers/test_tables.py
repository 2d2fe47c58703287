"""The numbers of the paper are its own: what in them agrees, and what does not, is stated here."""

from statistics import fmean

import pytest

from robustlab.methods.sources import sources
from robustlab.papers import TABLES, reported, table

RESULTS = (2, 3, 4, 5)
MEASURES = ("clean", "textfooler", "textbugger", "bae", "advglue")


def row(number: int, **wanted: str) -> dict:
    [found] = [one for one in table(number) if all(one[name] == value for name, value in wanted.items())]
    return found


def whole(percent: float, of: int) -> bool:
    """Whether a percentage with two decimals is that of a whole number of `of` examples."""
    return any(round(100 * right / of, 2) == percent for right in range(of + 1))


def test_every_table_is_there_with_its_rows():
    assert [len(table(number)) for number in TABLES] == [4, 11, 11, 11, 11, 6, 6, 5, 6, 6]
    with pytest.raises(ValueError, match="the paper has Tables 1 to 10, got 11"):
        table(11)


def test_some_cells_read_by_eye():
    assert row(2, printed="PGD +Ours")["textfooler"] == 16.06
    assert row(3, printed="SMART")["textbugger"] == 13.22
    assert row(4, printed="TA-VAT +Ours")["textbugger_change"] == -0.04
    assert row(5, printed="Flooding-X")["bae"] == 29.4
    assert row(9, printed="+Ours", model="deberta-v3-base")["advglue"] == 67.34
    assert row(1, dataset="sst2")["train"] == 67349


def test_methods_have_the_names_that_the_command_line_has():
    named = {one["method"] for number in (*RESULTS, 6, 7, 9, 10) for one in table(number)}
    assert named <= set(sources())


@pytest.mark.parametrize("number", RESULTS)
def test_the_changes_that_are_printed_are_the_differences_of_the_rows(number):
    checked = 0
    for one in table(number):
        if one["printed"].endswith(" +Ours"):
            base = row(number, printed=one["printed"].removesuffix(" +Ours"))
            for measure in MEASURES[: len(MEASURES) - (number > 3)]:
                assert one[f"{measure}_change"] == pytest.approx(one[measure] - base[measure], abs=0.005), one
                checked += 1
        else:
            assert not any(value is not None for name, value in one.items() if name.endswith("_change"))
    assert checked == 3 * (5 if number < 4 else 4)


def test_accuracies_are_percentages_and_every_attack_costs_some():
    for number in RESULTS:
        for one in table(number):
            assert all(0 < one[name] < one["clean"] <= 100 for name in MEASURES[1:] if one.get(name) is not None)


def test_what_the_text_says_of_the_extra_data_agrees_with_the_tables():
    # Section 7.2: 36.5 points on SST-2 and 28.5 on QNLI, from the rows without extra data to that with it.
    gains = []
    for dataset, number in (("sst2", 2), ("qnli", 3)):
        with_extra = row(7, dataset=dataset, method="adaptive-pgd")["bert_textfooler"]
        gains.append(with_extra - row(number, printed="PGD +Ours")["textfooler"])
    assert gains == pytest.approx([36.5, 28.5], abs=0.1)


# What does not agree. Each of these is a fact about the paper that the book repeats.


def test_no_advglue_number_of_tables_2_and_3_is_a_share_of_the_public_148_sentences():
    numbers = [one["advglue"] for number in (2, 3) for one in table(number)]
    assert len(numbers) == 22
    assert not any(whole(number, 148) for number in numbers)
    assert [whole(one["advglue"], 148) for one in table(9)] == [False, True, False, True, False, False]


def test_two_clean_accuracies_of_table_2_are_no_share_of_the_872_sentences_of_dev():
    assert [one["printed"] for one in table(2) if not whole(one["clean"], 872)] == ["SMART", "TRADES"]


def test_three_numbers_of_ta_vat_on_qnli_are_those_of_ta_vat_with_weights_on_sst2():
    adaptive = row(2, printed="TA-VAT +Ours")
    assert [row(3, printed="TA-VAT")[name] for name in ("clean", "bae")] == [adaptive["clean"], adaptive["bae"]]
    assert row(3, printed="TA-VAT +Ours")["textfooler"] == adaptive["textfooler"]


def implied(one: dict) -> tuple[float, float]:
    """Accuracy and F1 from precision and recall, on 747 spam messages of 5,572 (Section 7.3)."""
    precision, recall, spam, ham = one["precision"] / 100, one["recall"] / 100, 747, 4825
    found = recall * spam
    wrong = found / precision - found
    return 100 * (found + ham - wrong) / (spam + ham), 200 * precision * recall / (precision + recall)


def test_the_accuracy_of_bert_in_table_8_contradicts_its_precision_and_recall():
    for one in table(8):
        accuracy, f1 = implied(one)
        assert f1 == pytest.approx(one["f1"], abs=0.2)
        assert abs(accuracy - one["accuracy"]) < 0.3 or one["printed"] == "BERT-base"
    accuracy, _ = implied(row(8, printed="BERT-base"))
    assert (round(accuracy, 1), row(8, printed="BERT-base")["accuracy"]) == (98.1, 99.48)


def test_adaptive_weights_cost_1_to_20_per_cent_in_table_10():
    seconds = {one["method"]: one for one in table(10)}
    more = [
        100 * (seconds[f"adaptive-{name}"][data] / seconds[name][data] - 1)
        for name in ("pgd", "freelb", "ta-vat")
        for data in ("sst2_seconds", "qnli_seconds")
    ]
    assert [round(one) for one in more] == [1, 3, 18, 20, 19, 19]
    assert fmean(more) == pytest.approx(13, abs=0.5)  # "approximately 10 %"


def test_what_is_reported_for_a_method():
    assert reported("adaptive-pgd")["sst2"] == {
        "clean": 88.99, "textfooler": 16.06, "textbugger": 35.68, "bae": 40.02, "advglue": 43.44,
    }  # fmt: skip
    assert list(reported("pgd")) == ["sst2", "qnli", "imdb", "agnews"]
    assert "advglue" not in reported("pgd")["imdb"]
    assert reported("vat") == {}

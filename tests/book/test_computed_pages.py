"""What the book computes when it is built: recorded runs, the table of methods, the index of sources, docstrings."""

import json
import math
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="Sphinx is part of the `book` extra")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from robustlab.methods import BY_NAME  # noqa: E402
from robustlab.methods.sources import Provenance, Value, sources  # noqa: E402
from robustlab_book import (  # noqa: E402
    attack_results,
    docstrings,
    markdown,
    method_table,
    paper_index,
    recorded_results,
    results,
    source_index,
)


def run(**changes):
    row = {
        "study": "sst2", "method": "pgd", "seed": 0, "model": "minilm", "train_size": 4000, "epochs": 3,
        "batch_size": 32, "learning_rate": 5e-5, "steps": 3, "step_size": 0.04, "beta": None,
        "clean_accuracy": 0.9, "clean_correct": 90, "clean_n": 100,
        "advglue_accuracy": 0.4, "advglue_correct": 40, "advglue_n": 100,
        "device": "CPU", "date": "2026-01-01", "commit": "abc",
        "versions": {"torch": "2.13.0"}, "weights": None,
    }  # fmt: skip
    row |= changes
    for measure in ("clean", "advglue"):
        if f"{measure}_accuracy" not in changes:
            row[f"{measure}_accuracy"] = row[f"{measure}_correct"] / (row[f"{measure}_n"] or 1)
    return row


def write(folder, *rows, name="runs.jsonl"):
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_no_rows_are_stated_as_none(tmp_path):
    assert results.read(tmp_path) == []
    assert results.read(tmp_path / "absent") == []
    assert "No rows are recorded yet" in recorded_results.EMPTY


def test_interval_is_students_t():
    # Mean 92, standard deviation 2, t(.975; 2) = 4.302653: half-width 4.302653 * 2 / sqrt(3).
    interval = results.interval([90.0, 92.0, 94.0])
    half = 4.302653 * 2 / math.sqrt(3)
    assert interval == pytest.approx((92, 92 - half, 92 + half), abs=1e-5)


def test_interval_of_one_seed_is_none_and_of_many_stays_within_bounds():
    assert results.interval([90.0]) == (90.0, None, None)
    assert results.interval([99.0, 100.0]).high == 100
    assert results.interval([0.0, 1.0]).low == 0


def test_sampling_error_of_a_coin():
    assert results.sampling_error(50, 100) == pytest.approx(9.8)


def test_seeds_are_averaged_and_settings_kept_apart():
    rows = [
        run(seed=0, clean_correct=90), run(seed=1, clean_correct=94), run(seed=0, step_size=0.3, clean_correct=50),
        run(seed=0, train_size=67349, clean_correct=97),
    ]  # fmt: skip
    groups = results.summarise(rows)
    assert [key[2] for key in groups] == [4000, 67349]
    small = next(iter(groups.values()))
    assert [(s.settings["step_size"], s.seeds, s.accuracy["clean"].mean) for s in small] == [
        (0.04, (0, 1), 92.0),
        (0.3, (0,), 50.0),
    ]


def test_a_seed_recorded_twice_is_refused():
    with pytest.raises(ValueError, match=r"each seed must be recorded once, got seeds \[0, 0\] for method 'pgd'"):
        results.summarise([run(), run(clean_correct=91)])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (run(clean_accuracy=0.95), r"runs.jsonl, line 1: clean_accuracy must be clean_correct / clean_n = 0.9000, got"),
        (run(advglue_n=0), r"runs.jsonl, line 1: advglue_n must be the number of sentences evaluated, got 0"),
        ({"study": "sst2"}, r"runs.jsonl, line 1: a recorded run must have the fields method, seed, model"),
    ],
)
def test_bad_rows_are_named(tmp_path, row, message):
    with pytest.raises(ValueError, match=message):
        results.read(write(tmp_path, row))


def test_broken_line_is_named(tmp_path):
    write(tmp_path, run())
    with (tmp_path / "runs.jsonl").open("a") as file:
        file.write('{"study": ')
    with pytest.raises(ValueError, match=r"runs\.jsonl, line 2: expected one JSON object a line"):
        results.read(tmp_path)


def test_csv_rows_read_like_json_rows(tmp_path):
    row = {name: value for name, value in run().items() if name not in ("versions", "weights", "beta")}
    lines = [",".join([*row, "beta"]), ",".join([*map(str, row.values()), ""])]
    (tmp_path / "runs.csv").write_text("\n".join(lines))
    assert results.read(tmp_path) == [row | {"beta": None}]


def test_comparison_shows_the_papers_number_beside_ours():
    rows = [run(seed=seed, clean_correct=90 + seed, method="adaptive-pgd") for seed in (0, 1)]
    rows += [run(method="own-idea"), run(method="standard", steps=None, step_size=None)]
    rows += [run(method="adaptive-pgd", beta=1.0)]  # the paper has no run with a β of one's own
    [summaries] = results.summarise(rows).values()
    lines = [line for line in recorded_results.comparison(summaries) if line.startswith("| `")]
    assert lines == [
        "| `standard` | – | – | – | 1 | 90.0 (one seed) | 92.32 | 40.0 (one seed) | 31.32 |",
        "| `adaptive-pgd` | 3 | 0.04 | – | 2 | 90.5 (84.1 to 96.9) | 88.99 | 40.0 (40.0 to 40.0) | 43.44 |",
        "| `adaptive-pgd` | 3 | 0.04 | 1 | 1 | 90.0 (one seed) | – | 40.0 (one seed) | – |",
        "| `own-idea` | 3 | 0.04 | – | 1 | 90.0 (one seed) | – | 40.0 (one seed) | – |",
    ]


def test_dynamics_are_means_over_seeds_where_they_were_recorded():
    rows = [
        run(seed=0, method="adaptive-pgd", beta=3.0, weights=[0.5, 0.3, 0.2], step_cosine=0.9, pgd_accuracy=0.5),
        run(seed=1, method="adaptive-pgd", beta=3.0, weights=[0.7, 0.1, 0.2], step_cosine=0.8, pgd_accuracy=0.6),
        run(method="standard", steps=None, step_size=None),
    ]
    [summaries] = results.summarise(rows).values()
    lines = [line for line in recorded_results.dynamics(summaries) if line.startswith("| `")]
    assert lines == ["| `adaptive-pgd` | 3 | 0.04 | 3 | 55.0 | 0.850 | – | 0.600 / 0.200 / 0.200 |"]
    assert recorded_results.dynamics(results.summarise([run()]).popitem()[1]) == []


def test_settings_that_agree_with_the_paper_are_not_listed():
    listed = "\n".join(
        recorded_results.differences(
            [run(batch_size=128), run(method="standard", step_size=0, steps=0, batch_size=128)]
        )
    )
    assert "batch size" not in listed
    assert "step size" not in listed
    assert "| model | BERT-base | minilm |" in listed
    assert "| steps k | not stated (5 in Table 10) | 3 |" in listed


@pytest.mark.parametrize(
    ("name", "clean", "steps"),
    [
        ("standard", "1", "–"),
        ("fgm", "2", "1"),
        ("pgd", "1", "1, 1, 1"),
        ("freelb", "1", "1, 2/3, 1/3"),
        ("freelb-released", "1", "2/3, 1/3, 0"),
        ("adaptive-freelb", "1", "2/3, 2/3, 2/3"),
    ],
)
def test_methods_are_listed_with_their_implied_weights(name, clean, steps):
    assert method_table.implied(BY_NAME[name]) == (clean, steps)


def test_the_papers_numbers_are_those_of_its_table():
    assert recorded_results.PAPER["adaptive-freelb"] == {"clean": 91.63, "advglue": 38.53}
    assert set(recorded_results.PAPER) <= set(sources())


def test_index_finds_what_cites_the_paper_and_nothing_else():
    found = {name: source for name, source, _ in source_index.cited(["robustlab.objective"], "(AAT)")}
    assert "Eqs. 12 and 14" in found["robustlab.objective.adaptive.Adaptive"]
    assert "robustlab.objective.weights.project_to_simplex" not in found  # Duchi et al.


@pytest.mark.parametrize("name", BY_NAME)
def test_every_method_has_a_part_in_the_paper_index(name):
    lines = list(paper_index.method(name, BY_NAME[name], sources()[name]))
    assert lines[1] == f"### {name}"
    assert f"- **Here:** {{py:func}}`robustlab.methods.{BY_NAME[name].__name__}`" in lines
    for key in sources()[name].keys:
        assert ("AAT" if key == "zhu_aat" else f"{{cite:t}}`{key}`") in "\n".join(lines)


def test_a_part_of_the_paper_index():
    """Do it.

    Source: A, Eq. 1.
    Departs: in ε_2.
    """
    value = Value("radius ε", 1e-05, "zhu_aat", "Section 1", "radius")
    found = Provenance((*sources()["vat"].places[:1],), (value,), "a note")
    here = type("factory", (), {"__doc__": test_a_part_of_the_paper_index.__doc__})
    assert list(paper_index.method("pgd+", here, found))[:9] == [
        "(source-of-pgd-plus)=",
        "### pgd+",
        "",
        "Do it.",
        "",
        "- **Here:** {py:func}`robustlab.methods.factory`",
        "- **From:** {cite:t}`miyato2019virtual`, Eqs. 5-9",
        "- **Quoted:** radius ε = 1e-05 (AAT, Section 1); our default of `radius`",
        "- **Departs:** in ε<sub>2</sub>.",
    ]


def test_reported_numbers_have_a_column_a_data_set():
    lines = paper_index.results("adaptive-pgd")
    assert lines[1] == "| AAT, % | SST-2 | QNLI | IMDB | AG News |"
    assert "| clean | 88.99 | 87.90 | 90.56 | 91.10 |" in lines
    assert "| AdvGLUE | 43.44 | 48.89 | – | – |" in lines
    assert paper_index.results("vat") == []


@pytest.mark.parametrize(
    ("source", "places"),
    [
        ("Zhu et al. (AAT), Eqs. 3 and 5-7, and Table 6.", ["Eq 3", "Eq 5", "Eq 6", "Eq 7", "Table 6"]),
        ("Goodfellow et al. (2015), Eq. 9; Zhu et al. (AAT), Eq. 2.", ["Eq 2"]),
        ("Zhu et al. (AAT), Eq. 12; Algorithm 1, lines 5-6.", ["Eq 12", "Algorithm 1"]),
        ("Zhu et al. (AAT), Eqs. 11 and 14; the projection is Duchi et al. (2008), Fig. 1, Eq. 5.", ["Eq 11", "Eq 14"]),
        ("Duchi et al. (2008), Eq. 5.", []),
    ],
)
def test_places_of_one_paper_are_read_from_a_source_line(source, places):
    assert [f"{kind} {number}" for kind, number in paper_index.numbered(source, "(AAT)")] == places


def test_equations_lead_to_names_that_the_book_describes():
    packages = ["robustlab.ascent", "robustlab.objective", "robustlab.methods", "robustlab.taylor"]
    found = paper_index.equations(packages, "(AAT)")
    assert [number for kind, number in found if kind == "Eq"] == list(range(2, 15))  # Eq. 1 is the problem itself
    assert "robustlab.objective.adaptive.Adaptive" in found["Eq", 12]
    described = paper_index.documented(ROOT / "book" / "api")
    assert described["robustlab.objective.adaptive.Adaptive"] == "robustlab.objective.Adaptive"
    assert described["robustlab.ascent.directions.sign"] == "robustlab.ascent.directions.sign"
    assert paper_index.link("robustlab.methods.tableaus.pgd", described) == "{py:obj}`pgd <robustlab.methods.pgd>`"
    assert paper_index.link("robustlab.ascent.checks.positive", described) == "`ascent.checks.positive`"


DOCSTRING = """Weight `steps` of a *path.

    J = Σ_i w_i |δ_i|

Args:
    beta: β_ of [k b *site].

Raises: ValueError: If beta is not positive.

Source: Zhu et al. (AAT), Eq. 12;
    Algorithm 1.
Departs: w is a softmax.
"""


def test_docstring_sections():
    assert docstrings.sections(DOCSTRING) == {
        "Summary": "Weight `steps` of a *path.",
        "Args": "beta: β_ of [k b *site].",
        "Raises": "ValueError: If beta is not positive.",
        "Source": "Zhu et al. (AAT), Eq. 12; Algorithm 1.",
        "Departs": "w is a softmax.",
    }
    assert docstrings.sections(None) == {}


def test_docstring_becomes_rst():
    text = "\n".join(docstrings.to_rst(DOCSTRING.splitlines()))
    assert text.startswith("Weight ``steps`` of a \\*path.\n\n.. code-block:: text\n\n    J = Σ_i w_i |δ_i|\n")
    assert "\nArgs:\n    beta: β\\_ of [k b \\*site].\n" in text
    assert "\nRaises:\n    ValueError: If beta is not positive.\n" in text
    assert "\n:Source:\n    Zhu et al. (AAT), Eq. 12;\n    Algorithm 1.\n" in text


def test_indices_are_lowered_and_names_left_alone():
    written = method_table.typeset("(1/k) Σ_t L(x + r_t) to r_{k-1}, with step_size and `r_t`")
    assert written == "(1/k) Σ<sub>t</sub> L(x + r<sub>t</sub>) to r<sub>k-1</sub>, with step\\_size and `r_t`"
    assert method_table.typeset("δ_t with ‖r‖_∞ ≤ ε") == "δ<sub>t</sub> with ‖r‖<sub>∞</sub> ≤ ε"


def test_a_letter_with_a_stop_is_no_numbered_list():
    assert docstrings.to_rst(["Args:", "    steps: k.", "    beta: k. And more."])[-2:] == [
        r"    steps: \k.", r"    beta: \k. And more.",
    ]  # fmt: skip
    assert docstrings.to_rst(["k. Then l."]) == [r"\k. Then l."]
    assert docstrings.to_rst(["Above it stands k."]) == ["Above it stands k."]


def test_the_first_words_of_a_property_are_not_its_type():
    lines = ["The objective as data: a = [1]."]
    docstrings._translate(None, "property", "robustlab.x", None, None, lines)
    assert lines == ["", "The objective as data: a = [1]."]


def test_markdown_is_escaped_outside_code():
    assert markdown.escape("a_b | *c* `d_e|f`\n  $x$") == r"a\_b \| \*c\* `d_e|f` \$x\$"


def test_attacks_without_rows_are_stated_as_none(monkeypatch):
    monkeypatch.setattr(attack_results._Recorded, "rows", lambda self: [])
    shown = object.__new__(attack_results.AttackResults)
    assert "nothing yet" in "\n".join(attack_results.AttackResults.markdown(shown))
    told = object.__new__(attack_results.AttackVerdict)
    assert "nothing to compare yet" in "\n".join(attack_results.AttackVerdict.markdown(told))


def test_attacks_are_a_line_an_attack_and_method(monkeypatch):
    masks = {"robust_mask": "c", "clean_mask": "e", "queries": [3, 4, 5, 1], "examples": 4, "example_ids": [0, 1, 2, 3]}
    masks |= {"advglue-sst2_mask": "8", "advglue-sst2_n": 4, "recipe": "textfooler+minilm", "steps": 3}
    rows = [
        run(method=method, seed=seed, different_answers=0) | masks for method in ("standard", "pgd") for seed in (0, 1)
    ]
    monkeypatch.setattr(attack_results._Recorded, "rows", lambda self: rows)
    lines = list(attack_results.AttackResults.markdown(object.__new__(attack_results.AttackResults)))
    assert "| attack | trained | seeds | sentences | clean % | robust % | queries |" in lines
    assert "| textfooler+minilm | pgd | 2 | 4 | 75.0 (75.0 to 75.0) | 50.0 (50.0 to 50.0) | 4 |" in lines
    assert any(line.startswith("| AdvGLUE | +0.0 (+0.0 to +0.0) | ") and line.endswith(" | +7.8 |") for line in lines)
    assert not any("\n" in line for line in lines)  # the page's parser reads lines

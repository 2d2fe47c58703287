"""What every chapter keeps to, so that a check of its outputs means something."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(p for p in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
LONGEST_CELL = 15
RESULT = re.compile(r"^[\w\[\]@.+ -]+=-?\d", re.MULTILINE)

pytestmark = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.relative_to(ROOT).as_posix())


def load(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def code_cells(path: Path) -> list[dict]:
    return [cell for cell in load(path)["cells"] if cell["cell_type"] == "code"]


def tagged(path: Path, tag: str) -> list[dict]:
    return [cell for cell in code_cells(path) if tag in cell["metadata"].get("tags", [])]


def text_of(lines: str | list[str]) -> str:
    return lines if isinstance(lines, str) else "".join(lines)


def printed(cell: dict) -> str:
    return "".join(text_of(out["text"]) for out in cell["outputs"] if out["output_type"] == "stream")


def test_one_parameters_cell_defaults_to_smoke(chapter: Path) -> None:
    (cell,) = tagged(chapter, "parameters")
    assert re.search(r"""^profile\s*(:\s*\w+\s*)?=\s*["']smoke["']""", text_of(cell["source"]), re.MULTILINE)


def test_some_result_is_checked_and_stored(chapter: Path) -> None:
    checked = tagged(chapter, "nbval-check-output")
    assert checked, "no cell is tagged nbval-check-output: nbval would check nothing"
    for cell in checked:
        assert printed(cell).strip(), (
            "a checked cell has no stored text, so it would pass whatever it prints:\n" + text_of(cell["source"])
        )
    assert any(RESULT.search(printed(cell)) for cell in checked), "no checked cell prints a line like accuracy=0.871"


def test_outputs_are_committed_in_order(chapter: Path) -> None:
    counts = [cell["execution_count"] for cell in code_cells(chapter)]
    assert counts == list(range(1, len(counts) + 1)), "run `make refresh`: not every cell was executed, in order"


def test_no_output_is_an_error_a_warning_or_a_widget(chapter: Path) -> None:
    for cell in code_cells(chapter):
        for output in cell["outputs"]:
            assert output["output_type"] != "error", text_of(output.get("evalue", ""))
            assert output.get("name") != "stderr", text_of(output.get("text", ""))
            assert not [kind for kind in output.get("data", {}) if "widget" in kind]


def test_no_output_names_a_place_on_a_machine(chapter: Path) -> None:
    stored = json.dumps([cell["outputs"] for cell in code_cells(chapter)])
    assert not re.search(r"/(home|root|tmp|Users|work)/\w", stored)


def test_cells_are_short(chapter: Path) -> None:
    for cell in code_cells(chapter):
        lines = text_of(cell["source"]).splitlines()
        assert len(lines) <= LONGEST_CELL, f"{len(lines)} lines; move the work into the package:\n{lines[0]}"


def test_metadata_says_nothing_about_a_run(chapter: Path) -> None:
    notebook = load(chapter)
    assert set(notebook["metadata"]) <= {"kernelspec", "language_info"}, "run `make refresh`"
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    for cell in notebook["cells"]:
        assert set(cell["metadata"]) <= {"tags"}, "run `make refresh`"
        assert "injected-parameters" not in cell["metadata"].get("tags", [])


def test_figures_have_alternative_text(chapter: Path) -> None:
    for cell in code_cells(chapter):
        for output in cell["outputs"]:
            for kind, data in output.get("data", {}).items():
                assert kind not in {"image/png", "image/svg+xml"}, (
                    "show figures with robustlab.figures, which adds alt text"
                )
                if kind == "text/html":
                    for tag in re.findall(r"<(?:svg|img)\b[^>]*>", text_of(data)):
                        assert re.search(r"""\b(?:alt|aria-label)=["'][^"']{15,}""", tag), tag[:200]
    for cell in load(chapter)["cells"]:
        if cell["cell_type"] == "markdown":
            assert not re.search(r"!\[\s*\]\(", text_of(cell["source"]))

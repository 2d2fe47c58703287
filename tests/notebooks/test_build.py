"""The build reruns what computes and nothing else."""

import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import notebooks


def chapter(prose: str = "Prose.", code: str = "print(1)", text: str | None = None) -> nbformat.NotebookNode:
    outputs = [] if text is None else [new_output("stream", name="stdout", text=text)]
    return new_notebook(cells=[new_markdown_cell(prose), new_code_cell(code, outputs=outputs)])


def key_of(notebook: nbformat.NotebookNode, folder: Path, package: str = "p") -> str:
    nbformat.write(notebook, folder / "chapter.ipynb")
    return notebooks.key(folder / "chapter.ipynb", package)


def test_prose_and_outputs_do_not_count_as_a_change(tmp_path: Path) -> None:
    first = key_of(chapter(), tmp_path)
    assert key_of(chapter(prose="Better prose."), tmp_path) == first
    assert key_of(chapter(text="1\n"), tmp_path) == first


def test_code_and_package_count_as_a_change(tmp_path: Path) -> None:
    first = key_of(chapter(), tmp_path)
    assert key_of(chapter(code="print(2)"), tmp_path) != first
    assert key_of(chapter(), tmp_path, package="q") != first


def test_the_package_hash_sees_content_and_not_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "robustlab" / "deep" / "module.py"
    module.parent.mkdir(parents=True)
    module.write_text("a = 1\n")
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    first = notebooks.package_digest()
    module.touch()
    assert notebooks.package_digest() == first
    module.write_text("a = 2\n")
    assert notebooks.package_digest() != first


def test_new_prose_meets_executed_outputs() -> None:
    merged = notebooks.merge(chapter(prose="New."), chapter(prose="Old.", text="1\n"))
    assert merged.cells[0].source == "New."
    assert merged.cells[1].outputs[0].text == "1\n"


def test_outputs_of_other_code_are_refused() -> None:
    with pytest.raises(ValueError, match=r"executed copy holds other code than the chapter; run `make book` again"):
        notebooks.merge(chapter(code="print(2)"), chapter(code="print(1)", text="1\n"))


def test_cleaning_leaves_tags_and_text_and_drops_the_run() -> None:
    dirty = chapter(text="1\n")
    dirty.metadata.papermill = {"duration": 3.2}
    dirty.cells[1].metadata = nbformat.NotebookNode(tags=["parameters"], execution={"iopub.status.busy": "now"})
    dirty.cells[1].execution_count = 7
    clean = notebooks.clean(dirty)
    assert set(clean.metadata) == {"kernelspec", "language_info"}
    assert clean.cells[1].metadata == {"tags": ["parameters"]}
    assert clean.cells[1].execution_count == 1
    assert clean.cells[1].outputs[0].text == "1\n"


def test_cleaning_joins_prints_and_settles_names_that_are_drawn() -> None:
    parts = [new_output("stream", name=name, text=text) for name, text in
             (("stdout", "1\n"), ("stdout", "2\n"), ("stderr", "3\n"), ("stdout", "4\n"))]  # fmt: skip
    table = {
        "text/html": '<table id="T_a1b2c"><td id="T_a1b2c_row0">x</td></table><i id="T_0f0f0">',
        "application/json": {"k": 1},
    }
    shown = new_output("display_data", data=table | {"text/plain": "<Styler at 0x7f4fe19ca310>"})
    cell = new_code_cell("f()", outputs=[*parts, shown])
    outputs = notebooks.clean(new_notebook(cells=[cell])).cells[0].outputs
    assert [output.get("text") for output in outputs] == ["1\n2\n", "3\n", "4\n", None]
    assert outputs[3].data["text/plain"] == "<Styler>"
    assert outputs[3].data["text/html"].count('"T_00100') == 2
    assert outputs[3].data["text/html"].endswith('<i id="T_00101">')
    assert outputs[3].data["application/json"] == {"k": 1}


def test_a_failing_chapter_leaves_its_partial_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("papermill")
    failing = new_notebook(cells=[new_code_cell("print('before')"), new_code_cell("raise ValueError('on purpose')")])
    nbformat.write(failing, tmp_path / "failing.ipynb")
    monkeypatch.setattr(notebooks, "CHAPTERS", tmp_path)
    log, output = tmp_path / "log" / "failing.partial.ipynb", tmp_path / "out" / "failing.ipynb"
    with pytest.raises(SystemExit, match=r"failing.ipynb failed; the cells that ran, and the error, are in .*partial"):
        notebooks.execute(tmp_path / "failing.ipynb", log, output)
    assert not output.exists()
    stored = nbformat.read(log, as_version=4)
    assert "before" in str(stored.cells)
    assert "on purpose" in str(stored.cells)

import nbformat
import pytest

from robustlab.study.engine import parameters
from robustlab.study.engine.here import study
from tests.study.engine import sample


@pytest.fixture
def notebook(tmp_path):
    sample.write(tmp_path)
    return tmp_path / "sample.ipynb"


def test_declared_parameters_are_those_of_the_tagged_cell(notebook):
    assert parameters.declared(notebook) == ["profile", "cell", "store", "catalogue"]
    parameters.check_declared(notebook)


def test_a_notebook_that_cannot_be_told_its_cell_is_refused(notebook):
    changed = nbformat.read(notebook, as_version=4)
    changed.cells[1].source = 'profile: str = "smoke"'
    nbformat.write(changed, notebook)
    with pytest.raises(ValueError, match=r"sample.ipynb: its parameters cell lacks cell, store; declare each as None"):
        parameters.check_declared(notebook)
    changed.cells[1].metadata["tags"] = []
    nbformat.write(changed, notebook)
    with pytest.raises(ValueError, match="expected one cell with the tag 'parameters', found 0"):
        parameters.declared(notebook)


def test_injected_parameters_that_the_notebook_lacks_are_refused(notebook):
    parameters.check_injected(notebook, ["x = 1", "# Parameters\nprofile = 'laptop'\n"])
    with pytest.raises(ValueError, match="sample.ipynb: unknown parameter 'profil': did you mean 'profile'"):
        parameters.check_injected(notebook, ["# Parameters\nprofil = 'laptop'\n"])


def test_a_cell_given_by_hand_is_completed_and_checked(tmp_path):
    catalogue = str(sample.write(tmp_path))
    given = {"profile": "smoke", "store": tmp_path / "store", "catalogue": catalogue}
    (cell,) = study("sample", cell='{"number": 3, "seed": 7}', **given).cells
    assert cell == {"study": "sample", "profile": "smoke", "seed": 7, "number": 3, "power": 2}
    assert study("sample", cell={"number": 3}, **given).cells[0]["seed"] == 0
    with pytest.raises(ValueError, match="unknown parameter of sample 'nmber': did you mean 'number'"):
        study("sample", cell={"nmber": 3}, **given)
    with pytest.raises(ValueError, match="the cell is one of 'other', and the study is 'sample'"):
        study("sample", cell={"study": "other"}, **given)

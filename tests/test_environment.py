"""The three lists of what to install agree, and importing stays cheap."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name


@pytest.fixture(scope="module")
def project(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def pins(root: Path) -> dict[str, str]:
    lines = (root / "constraints.txt").read_text().split()
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


@pytest.fixture(scope="module")
def environment(root: Path) -> list:
    return yaml.safe_load((root / "environment.yml").read_text())["dependencies"]


def requirements(project: dict) -> list[Requirement]:
    extras = project["optional-dependencies"].values()
    return [Requirement(line) for line in [*project["dependencies"], *(line for extra in extras for line in extra)]]


def test_constraints_pin_every_direct_dependency_within_its_bounds(project: dict, pins: dict[str, str]) -> None:
    for requirement in requirements(project):
        pin = pins.get(canonicalize_name(requirement.name))
        assert pin is not None, f"constraints.txt does not pin {requirement.name}"
        assert requirement.specifier.contains(pin), f"constraints.txt pins {requirement.name}=={pin}, not {requirement}"


def test_the_base_package_has_no_upper_bounds(project: dict) -> None:
    for line in project["dependencies"]:
        assert not re.search(r"<|==|~=", line), line


def test_conda_takes_its_versions_from_the_constraints(environment: list, project: dict, root: Path) -> None:
    (pip,) = [entry["pip"] for entry in environment if isinstance(entry, dict)]
    makefile = (root / "Makefile").read_text()
    extras = re.search(r"^EXTRAS := (\S+)$", makefile, re.MULTILINE).group(1)
    assert pip == ["--constraint constraints.txt", f"--editable .[{extras}]"]
    assert set(extras.split(",")) == set(project["optional-dependencies"])


def test_conda_brings_no_package_that_pip_pins(environment: list, project: dict, pins: dict[str, str]) -> None:
    plain = [entry for entry in environment if isinstance(entry, str)]
    assert sorted(re.split("[=<> ]", entry)[0] for entry in plain) == ["make", "pip", "python"]
    (python,) = [entry.removeprefix("python=") for entry in plain if entry.startswith("python=")]
    assert SpecifierSet(project["requires-python"]).contains(f"{python}.0")


def test_the_package_agrees_with_its_citation(root: Path) -> None:
    import robustlab

    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    assert citation["version"] == robustlab.__version__
    assert f"## {robustlab.__version__}" in (root / "CHANGELOG.md").read_text()


def loaded_after(statement: str, root: Path) -> set[str]:
    """The top-level modules in a fresh interpreter once `statement` ran."""
    code = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_robustlab_loads_nothing_heavy(root: Path) -> None:
    loaded = loaded_after("import robustlab", root)
    assert "robustlab" in loaded
    assert not loaded & {"torch", "numpy", "transformers", "datasets", "matplotlib", "pandas"}


def test_the_core_needs_torch_alone(root: Path) -> None:
    loaded = loaded_after("import robustlab.methods, robustlab.taylor", root)
    assert "torch" in loaded
    assert not loaded & {"transformers", "datasets", "matplotlib", "pandas", "sklearn", "typer"}


def test_an_unknown_attribute_is_named_with_what_there_is() -> None:
    import robustlab

    with pytest.raises(AttributeError, match="no attribute 'acumulate'; it offers __version__, accumulate"):
        robustlab.acumulate  # noqa: B018

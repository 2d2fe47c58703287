"""One file of references, which the package carries, the book prints and `robustlab cite` quotes."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import resources
from pathlib import Path

import pytest
import yaml

from robustlab.methods.sources import sources
from robustlab.papers import PAPERS, bibliography, bibtex, entries

ROOT = Path(__file__).resolve().parents[2]


def read_by_another_parser(text: str) -> dict:
    """The entries as pybtex reads them: their fields and people, by key."""
    database = pytest.importorskip("pybtex.database", reason="pybtex comes with the `book` extra")
    found = database.parse_string(text, "bibtex").entries
    return {key: (dict(entry.fields), {role: list(map(str, who)) for role, who in entry.persons.items()})
            for key, entry in found.items()}  # fmt: skip


def cited_in_the_book() -> set[str]:
    texts = [path.read_text() for part in ("book", "notebooks") for path in (ROOT / part).rglob("*") if path.suffix in
             (".md", ".ipynb")]  # fmt: skip
    found = [keys for text in texts for keys in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text)]
    return {key.strip() for keys in found for key in keys.split(",")}


def test_every_entry_is_the_one_that_another_parser_finds():
    whole = read_by_another_parser((ROOT / "robustlab" / "references.bib").read_text())
    assert list(entries()) == list(whole)
    for key, text in entries().items():
        assert read_by_another_parser(text) == {key: whole[key]}, key


def test_every_entry_can_be_cited():
    for key, (fields, people) in read_by_another_parser(bibtex(entries())).items():
        assert people.get("author"), key
        assert fields["title"], key
        assert re.fullmatch(r"\d{4}", fields.get("year", "")) or "without a date" in fields["note"], key


def test_every_key_that_is_cited_exists_and_every_entry_is_used():
    cited = cited_in_the_book()
    of_methods = {key for found in sources().values() for key in found.keys}
    assert cited | of_methods <= set(entries())
    assert set(entries()) == cited | of_methods | set(PAPERS)


def test_there_is_one_copy_and_the_book_reads_it():
    assert [path.relative_to(ROOT).as_posix() for part in ("book", "notebooks", "robustlab")
            for path in (ROOT / part).rglob("*.bib")] == ["robustlab/references.bib"]  # fmt: skip
    assert yaml.safe_load((ROOT / "_config.yml").read_text())["bibtex_bibfiles"] == ["robustlab/references.bib"]
    sys.path.insert(0, str(ROOT / "tools"))
    import site_builder

    assert site_builder.BIBLIOGRAPHY == "robustlab/references.bib"


def test_a_wheel_has_the_data():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    found = {
        path.relative_to(ROOT).as_posix()
        for package, patterns in settings.items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    data = {path for path in (ROOT / "robustlab").rglob("*") if path.suffix in (".bib", ".toml", ".csv")}
    assert {path.relative_to(ROOT).as_posix() for path in data} <= found
    assert resources.files("robustlab").joinpath("references.bib").is_file()


@pytest.mark.slow
def test_a_wheel_that_is_built_has_the_data(tmp_path):
    pytest.importorskip("setuptools", minversion="77", reason="without it a build needs a network")
    source = tmp_path / "source"
    shutil.copytree(ROOT / "robustlab", source / "robustlab", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", str(source)]
    subprocess.run([*command, "--wheel-dir", str(tmp_path)], check=True)
    [wheel] = tmp_path.glob("*.whl")
    data = {"robustlab/references.bib", "robustlab/methods/sources.toml", "robustlab/papers/aat/table10.csv"}
    assert data <= set(zipfile.ZipFile(wheel).namelist())


def test_entries_are_given_once_and_in_the_order_asked_for():
    text = bibtex(["zhu2020freelb", "madry2018towards", "zhu2020freelb"])
    assert re.findall(r"^@\w+\{(\w+),", text, re.MULTILINE) == ["zhu2020freelb", "madry2018towards"]
    assert bibtex([]) == ""


def test_an_unknown_key_is_refused():
    with pytest.raises(ValueError, match="no reference has the key 'zhu2020freelp': did you mean 'zhu2020freelb'?"):
        bibtex(["zhu2020freelp"])
    with pytest.raises(ValueError, match="no reference has the key '42'$"):
        bibtex(["42"])


def test_braces_and_what_stands_between_entries():
    text = "% a comment\n@misc{one, title = {A {B} {\\'e}}}\nbetween\n@book{two,\n  title = {C}\n}\n"
    assert bibliography.parse(text) == {
        "one": "@misc{one, title = {A {B} {\\'e}}}",
        "two": "@book{two,\n  title = {C}\n}",
    }


def test_an_entry_without_an_end_and_a_key_twice_are_refused():
    with pytest.raises(ValueError, match="expected a closing brace for the reference 'one', found the end of the text"):
        bibliography.parse("@misc{one, title = {A}")
    with pytest.raises(ValueError, match="each reference needs a key of its own, got 'one' twice"):
        bibliography.parse("@misc{one, title = {A}}\n@misc{one, title = {B}}")

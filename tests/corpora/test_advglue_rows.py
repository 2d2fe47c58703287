"""The sizes of AdvGLUE's sets, against the files and against recorded runs."""

from pathlib import Path

import pytest

from robustlab import corpora
from robustlab.corpora.catalogue import ADVGLUE, ADVGLUE_ROWS
from robustlab.study import compare


def test_every_task_has_a_size() -> None:
    assert ADVGLUE_ROWS.keys() == ADVGLUE.keys()


def test_recorded_runs_have_read_as_many() -> None:
    assert {row["advglue_n"] for row in compare.recorded("sst2-minilm")} <= {ADVGLUE_ROWS["advglue-sst2"]}


@pytest.mark.parametrize("name", ADVGLUE_ROWS)
def test_the_files_hold_as_many(name: str, shared_data: Path) -> None:
    assert len(corpora.load(name, split="dev", source="local", folder=shared_data)) == ADVGLUE_ROWS[name]

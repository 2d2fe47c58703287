"""Cells of two studies that are one run."""

import json
from dataclasses import asdict, replace

from robustlab.study.reasoning.cells import CONTROL, Cell
from robustlab.study.reasoning.protocol import profile
from robustlab.study.reasoning.twins import twin

PROTOCOL = profile("smoke")


def row(cell: Cell, **more: object) -> dict:
    return json.loads(json.dumps(asdict(cell) | {"protocol": asdict(PROTOCOL), "clean_accuracy": 0.5} | more))


def test_the_same_run_of_another_study_is_copied(tmp_path) -> None:
    made = Cell(study="table1", seed=0, method=CONTROL)
    (tmp_path / "table1.jsonl").write_text(json.dumps(row(made, sensitivity_at={"encoder": {}, "words": {}})) + "\n")
    wanted = Cell(study="batch", seed=0, method=CONTROL, batch_size=PROTOCOL.batch_size)
    found = twin(tmp_path / "batch.jsonl", wanted, PROTOCOL)
    assert found is not None
    assert (found["study"], found["batch_size"], found["made_for"]) == ("batch", PROTOCOL.batch_size, "table1")
    assert found["clean_accuracy"] == 0.5


def test_another_run_is_not(tmp_path) -> None:
    made = Cell(study="table1", seed=0)
    (tmp_path / "table1.jsonl").write_text(json.dumps(row(made, sensitivity_at={"encoder": {}, "words": {}})) + "\n")
    same = Cell(study="ratio", seed=0)
    assert twin(tmp_path / "ratio.jsonl", same, PROTOCOL) is not None
    others = (
        {"seed": 1},
        {"share": 0.3},
        {"kappa": 0.4},
        {"invariance": 0.1},
        {"data": 0.2},
        {"batch_size": 8},
        {"method": CONTROL},
    )
    for other in others:
        assert twin(tmp_path / "ratio.jsonl", replace(same, **other), PROTOCOL) is None
    assert twin(tmp_path / "ratio.jsonl", same, replace(PROTOCOL, examples=1)) is None
    # The study of layers measures at a site that the row does not have.
    assert twin(tmp_path / "layer.jsonl", replace(same, study="layer"), PROTOCOL) is None

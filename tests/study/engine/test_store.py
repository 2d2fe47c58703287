import os

import pytest

from robustlab.study.engine import store as module
from robustlab.study.engine.store import Store, key

CODE = "c" * 64


def row(seed: int = 0, value: float = 1.0, code: str = CODE) -> dict:
    cell = {"study": "s", "profile": "smoke", "seed": seed}
    return {"key": key(cell, code), "code": code, "cell": cell, "metrics": {"value": value}, "seconds": 1.0}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_a_row_is_found_by_what_it_depends_on(store):
    store.put(row(0))
    store.put(row(0, 2.0, code="d" * 64))
    assert store.get("s", row(0)["key"]) == row(0)
    assert store.get("s", row(1)["key"]) is None
    assert len(store.rows("s")[0]) == 2


def test_the_order_of_parameters_does_not_matter_and_every_value_does():
    assert key({"a": 1, "b": 2}, CODE) == key({"b": 2, "a": 1}, CODE)
    assert len({key({"a": a}, CODE) for a in (1, 2, "1", None, True)}) == 5


def test_a_process_that_dies_while_it_writes_leaves_no_row(store, monkeypatch):
    def dies(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.os, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        store.put(row())
    assert [file for file in store.folder.rglob("*") if file.is_file()] == []


def test_what_a_killed_process_left_is_swept_away(store):
    place = store.file("s", row()["key"])
    place.parent.mkdir(parents=True)
    (place.parent / f".{place.stem}-x1.part").write_text('{"ke')
    store.put(row())
    assert [file.name for file in place.parent.iterdir()] == [place.name]


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda text: text[: len(text) // 2], "not JSON, cut off perhaps"),
        (lambda text: "", "not JSON, cut off perhaps"),
        (lambda text: "[]", "expected a row with key, code, cell, metrics"),
        (lambda text: text.replace('"seed": 0', '"seed": 5'), "its name does not fit its cell and code"),
    ],
)
def test_a_damaged_file_is_reported_and_skipped(store, damage, why):
    store.put(row(0))
    store.put(row(1))
    file = store.file("s", row(0)["key"])
    file.write_text(damage(file.read_text()))
    found, damaged = store.rows("s")
    assert found == [row(1)]
    assert [one.file for one in damaged] == [file]
    assert why in damaged[0].why
    assert store.get("s", row(0)["key"]) is None
    store.put(row(0))
    assert store.rows("s")[1] == []


def test_two_stores_are_one_without_loss(store, tmp_path):
    other = Store(tmp_path / "other")
    for seed in (0, 1):
        store.put(row(seed))
    for seed in (1, 2, 3):
        other.put(row(seed))
    merged = store.merge(other)
    assert (merged.added, merged.present, merged.differing, merged.damaged) == (2, 1, [], [])
    assert sorted(one["cell"]["seed"] for one in store.rows("s")[0]) == [0, 1, 2, 3]
    assert len(other.rows("s")[0]) == 3
    assert store.merge(other).added == 0


def test_other_numbers_of_the_same_cell_are_kept_beside(store, tmp_path):
    other = Store(tmp_path / "other")
    store.put(row(0, 1.0))
    other.put(row(0, 2.0))
    assert store.merge(other).differing == [row(0)["key"]]
    assert store.get("s", row(0)["key"])["metrics"] == {"value": 1.0}
    (kept,) = (store.folder / "differing" / "s").iterdir()
    assert '"value": 2.0' in kept.read_text()


def test_a_damaged_row_does_not_stop_a_merge(store, tmp_path):
    other = Store(tmp_path / "other")
    other.put(row(0))
    other.put(row(1))
    other.file("s", row(0)["key"]).write_text('{"key":')
    merged = store.merge(other)
    assert (merged.added, len(merged.damaged)) == (1, 1)


def test_a_row_in_place_of_a_damaged_one_is_taken_over(store, tmp_path):
    other = Store(tmp_path / "other")
    store.put(row(0))
    other.put(row(0))
    store.file("s", row(0)["key"]).write_text("{")
    assert store.merge(other).added == 1
    assert store.get("s", row(0)["key"]) == row(0)


def test_what_is_no_store_is_refused(store, tmp_path):
    with pytest.raises(ValueError, match="is no store: it has no folder `rows`"):
        store.merge(Store(tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrics": {"loss": float("nan")}}, "a row holds numbers, texts, lists and mappings"),
        ({"metrics": {"loss": object()}}, "a row holds numbers, texts, lists and mappings"),
    ],
)
def test_what_is_not_json_is_refused(store, change, message):
    with pytest.raises(ValueError, match=message):
        store.put(row() | change)
    with pytest.raises(ValueError, match="this one lacks metrics"):
        store.put({name: value for name, value in row().items() if name != "metrics"})


def test_a_row_forgets_that_its_cell_failed(store):
    failure = store.failure("s", row()["key"])
    module.write(failure, {"error": "x"})
    failure.with_suffix(".ipynb").write_text("{}")
    assert list(store.failures("s")) == [row()["key"]]
    store.put(row())
    assert not failure.exists()
    assert not failure.with_suffix(".ipynb").exists()


def test_one_process_makes_a_row(store):
    assert not store.locked("k")
    with store.lock("k"):
        assert store.locked("k")
    assert not store.locked("k")


def test_where_the_store_is(monkeypatch, tmp_path):
    monkeypatch.setenv("ROBUSTLAB_STORE", str(tmp_path))
    assert module.default_folder() == tmp_path
    monkeypatch.delenv("ROBUSTLAB_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert module.default_folder() == tmp_path / "robustlab" / "store"
    assert os.path.isabs(module.default_folder())

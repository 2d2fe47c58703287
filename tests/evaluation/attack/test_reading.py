import json
import re

import pytest

from robustlab.evaluation.attack.reading import read_rows, read_settings, setting
from tests.evaluation.attack.example_rows import attacked


def line(**changes) -> str:
    return json.dumps(attacked(0).plain() | changes)


def test_rows_come_back_in_order(tmp_path):
    rows = [attacked(2, text="zwei\u2028Zeilen\x85"), attacked(0, "skipped"), attacked(1, similarity=1, text_pair="")]
    file = tmp_path / "examples.jsonl"
    file.write_text("".join(json.dumps(row.plain(), ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    expected = [rows[1], rows[2], rows[0]]
    assert read_rows(tmp_path) == read_rows(file) == expected


def test_there_is_no_run(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"the folder '.*' holds no examples\.jsonl"):
        read_rows(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no '.*nowhere'"):
        read_rows(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n\n", "holds no attacked example"),
        ("[1]", "line 2: expected an attacked example, got list"),
        (line()[:-20], "line 2: Unterminated string|line 2: Expecting"),
        ('{"example_id": 1}', "line 2: expected the fields of an attacked example, got these missing"),
        (line(outcome="won"), "line 2: expected the outcome to be one of succeeded, failed, skipped, got 'won'"),
        (line(label="1"), "line 2: expected label to be int, got '1'"),
        (line(label=True), "line 2: expected label to be int, got True"),
        (line(exhausted=1), "line 2: expected exhausted to be bool, got 1"),
        (line(similarity="high"), "line 2: expected similarity to be float or none, got 'high'"),
    ],
)
def test_what_is_no_row_is_named_with_its_line(tmp_path, text, message):
    file = tmp_path / "examples.jsonl"
    file.write_text("\n" + text)
    with pytest.raises(ValueError, match=message) as caught:
        read_rows(tmp_path)
    assert str(file) in str(caught.value)


def test_what_is_no_text_is_named_with_its_line(tmp_path):
    (tmp_path / "examples.jsonl").write_bytes(line().encode() + b"\n\xff\xfe")
    with pytest.raises(ValueError, match=r"examples\.jsonl', line 2: .*decode"):
        read_rows(tmp_path)


def test_settings(tmp_path):
    assert read_settings(tmp_path) is None
    file = tmp_path / "attack.json"
    file.write_text('{"settings": {"recipe": "pwws"}}')
    assert read_settings(tmp_path) == read_settings(tmp_path / "examples.jsonl") == {"settings": {"recipe": "pwws"}}
    for broken in ("{", "[]"):
        file.write_text(broken)
        with pytest.raises(ValueError, match=re.escape(f"{str(file)!r} cannot be read")):
            read_settings(tmp_path)


def test_the_outermost_setting_of_a_name_counts():
    settings = {"a": {"b": {"seed": 3}}, "c": {"seed": 2, "recipe": None}}
    assert setting(settings, "seed") == 2
    assert setting(settings | {"seed": 1}, "seed") == 1
    assert setting(settings, "recipe") is setting(settings, "budget") is None

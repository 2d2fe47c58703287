"""The sanitiser hides where and when a cell ran, and nothing of what it found."""

import configparser
import re
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def sanitise(root: Path):
    rules = configparser.RawConfigParser()
    rules.read(root / "notebooks/sanitize.cfg")
    pairs = [(re.compile(rules[name]["regex"]), rules[name]["replace"]) for name in rules.sections()]
    assert pairs

    def apply(text: str) -> str:
        for pattern, replacement in pairs:
            text = pattern.sub(replacement, text)
        return text

    return apply


@pytest.mark.parametrize(
    "line",
    [
        "clean_accuracy=0.871",
        "remainder_slope=2.003",
        "gain[3]=-0.0412",
        "pgd 0.693 [0.611, 0.771] p=0.03",
        "step_size=1e-05 steps=30 units=9",
        "weights=0.25 0.25 0.50",
    ],
)
def test_results_pass_untouched(sanitise, line: str) -> None:
    assert sanitise(line) == line


def test_addresses_and_dates_do_not_count(sanitise) -> None:
    assert sanitise("<Model at 0x7f3a12bc90d0>") == sanitise("<Model at 0x55d0c0ffee00>")
    old, new = "<dc:date>2026-01-02T03:04:05</dc:date>", "<dc:date>2027-01-02T03:04:05</dc:date>"
    assert sanitise(old) == sanitise(new)

"""The README's first example runs as printed, and what it points to is there."""

import math
import re
from pathlib import Path

import torch

UNTESTED = "<!-- not run by the tests"


def examples(text: str) -> list[str]:
    """The Python blocks that are not marked as untested."""
    blocks = re.findall(r"(?:(<!--[^\n]*-->)\n)?```python\n(.*?)```", text, re.DOTALL)
    return [code for mark, code in blocks if not mark.startswith(UNTESTED)]


def test_the_example_leaves_gradients_in_the_parameters(root: Path) -> None:
    (code,) = examples((root / "README.md").read_text())
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)
    gradients = [p.grad for p in names["model"].parameters() if p.grad is not None]
    assert gradients
    assert sum(gradient.abs().sum() for gradient in gradients) > 0
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
    assert names["logs"]
    assert all(math.isfinite(float(value)) for value in names["logs"].values())


def test_links_and_pictures_are_there(root: Path) -> None:
    for page in ("README.md", "CONTRIBUTING.md", "LICENSE-book.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", (root / page).read_text()):
            assert target.startswith("https://creativecommons.org/") or (root / target).is_file(), f"{page}: {target}"

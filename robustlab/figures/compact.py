"""Matplotlib's SVG without what nobody sees: a page holds several figures, and a notebook stores them all."""

from __future__ import annotations

import re
from collections import Counter

DECIMALS = 2  # of a point: a hundredth is a seventieth of a pixel on the page
_UNSEEN = re.compile(r'<metadata>.*?</metadata>|<!-- .*? -->|(?<=<g) id="[^"]*"', re.DOTALL)
_PLACE = re.compile(r'\b(?:d|x|y|width|height)="[^"]*"|translate\([^)]*\)')  # scale(…) keeps its digits
_LONG = re.compile(rf"-?\d+\.\d{{{DECIMALS + 1},}}")
_ALONE = re.compile(r"<g>(<(?:use|path)\b[^>]*/>)</g>")
_STYLE = re.compile(r'\bstyle="([^"]*)"')


def compact(svg: str) -> str:
    """The same picture in about two thirds of the bytes.

    Drops metadata, comments, the names of groups and the space between elements, unwraps groups of a single element,
    rounds places to a hundredth of a point, and writes a style that is used twice once.

    Args:
        svg: As Matplotlib writes it, glyphs as paths: space between elements means nothing.
    """
    svg = _PLACE.sub(lambda place: _LONG.sub(_rounded, place[0]), _UNSEEN.sub("", svg))
    svg = re.sub(r">\s+<", "><", svg)
    for _ in range(3):  # a minor tick is one element in three groups
        svg = _ALONE.sub(r"\1", svg)
    return _shared(re.sub(r" ?\n", " ", svg)).replace("DejaVuSans-", "g")


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.{DECIMALS}f}".rstrip("0").rstrip(".")


def _shared(svg: str) -> str:
    names = {style: f"s{n}" for n, (style, count) in enumerate(Counter(_STYLE.findall(svg)).items()) if count > 1}
    svg = _STYLE.sub(lambda found: f'class="{names[found[1]]}"' if found[1] in names else found[0], svg)
    return svg.replace("</style>", "".join(f".{name}{{{style}}}" for style, name in names.items()) + "</style>", 1)

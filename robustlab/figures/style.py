"""One look for every figure: inks for light and dark pages, a colour and a marker per method, alternative text.

style.use()
figure, axes = plt.subplots()
axes.plot(step_sizes, accuracy, color=style.colour("pgd"), marker=style.marker("pgd"), label="PGD")
style.show(figure, alt="Accuracy falls from 0.92 to 0.40 as the step size grows from 0.01 to 0.3.")
"""

from __future__ import annotations

import base64
import difflib
import html
import io
import os
import sys
from typing import NamedTuple

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from robustlab.figures.compact import compact

# Text and axes. No grey has a contrast of 4.5 on both of the theme's pages (#ffffff and #121212): the two ratios
# multiply to 18.7, so 4.32 on both is the most there is. This one has 4.28 and 4.38.
INK = "#757b82"

# Two panels side by side, in inches. One panel is Matplotlib's default size as `use` sets it: 5.6 inches are 538 pixels
# on the page, and labels of 10.5 points are still 9 pixels high once a phone has shrunk the figure to its width.
PAIR = (7.4, 3.3)


class _Look(NamedTuple):
    colour: str
    marker: str


# Families share a hue (single step: violet and magenta; PGD: blue; FreeLB: greens; adaptive: reds) and every method has
# a marker of its own. Colours have a contrast of at least 3 on both pages, and were searched for the largest
# distance (CIE Lab, at least 15) between any two under normal, protan and deutan vision.
_LOOKS = {
    "standard": _Look(INK, "o"),
    "fgsm": _Look("#7c45c3", "v"),
    "fgm": _Look("#bb2c61", "^"),
    "pgd": _Look("#046fa1", "s"),
    "pgd-radius-matched": _Look("#5e3af9", "p"),  # the control: PGD whose offsets are as long as adaptive training's
    "freelb": _Look("#267631", "D"),
    "freelb-released": _Look("#36a11d", "d"),
    "freelb++": _Look("#0b97af", "P"),
    "adaptive-pgd": _Look("#ed5000", "*"),
    "adaptive-freelb": _Look("#df5a5d", "X"),
    # Too many to be told apart by colour alone: browns and greys, and the marker says which.
    "ta-vat": _Look("#6b7a00", "<"),
    "ta-vat-released": _Look("#84861c", "$t$"),
    "adaptive-ta-vat": _Look("#b8741a", ">"),
    "vat": _Look("#8a6d00", "h"),
    "trades": _Look("#a0522d", "8"),
    "smart": _Look("#9c5fa8", "H"),
    "r-drop": _Look("#5f7f95", "x"),
    "r3f": _Look("#7d7d3c", "+"),
    "neftune": _Look("#a86a6a", "1"),
    "infobert": _Look("#3f7f6f", "2"),
    "flooding-x": _Look("#4f7fb0", "3"),
    "dsrm": _Look("#8f5f3f", "4"),
    "adaptive-balanced": _Look("#c8503c", "$λ$"),
    "adaptive-annealed": _Look("#d0602f", "$a$"),
    "adaptive-learned-beta": _Look("#c04f6a", "$β$"),
    "adaptive-by-difficulty": _Look("#b05a3a", "$q$"),
    "augmented": _Look("#8f7f5f", "|"),
    "semrode": _Look("#4f7f6f", "_"),
    "semrode-ot": _Look("#6f6f9f", "$o$"),
    "supcon": _Look("#8a6f4f", "$s$"),
    "asa": _Look("#5c7a5c", "$m$"),
    # On documents: the self-constructed negatives share a violet, the latent attacks a steel blue.
    "self-negative": _Look("#8650c8", "$n$"),
    "self-negative-pull": _Look("#7a5fb0", "$u$"),
    "self-negative-push": _Look("#94689f", "$v$"),
    "self-negative-infonce": _Look("#6e62c4", "$i$"),
    "standard-matched": _Look("#6b6b6b", "$=$"),  # the control: plain training with as many passes
    "cat": _Look("#3f7a9a", "$c$"),
    "lat": _Look("#557a96", "$l$"),
}

_SETTINGS = {
    "figure.figsize": (5.6, 3.5),
    "figure.facecolor": "none",
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "none",
    "savefig.transparent": True,
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": matplotlib.cycler(color=[look.colour for name, look in _LOOKS.items() if name != "standard"]),
    "grid.color": INK,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "font.size": 10.5,
    "font.family": "DejaVu Sans",  # ships with Matplotlib: the same glyphs on every machine
    "lines.linewidth": 1.8,
    "lines.markersize": 6,
    "errorbar.capsize": 3,
    "legend.frameon": False,
    "image.cmap": "cividis",
    "svg.fonttype": "path",
    "svg.hashsalt": "robustlab",  # otherwise the identifiers inside an SVG file differ from run to run
}


def use() -> None:
    """Apply the style to every figure drawn from here on; in a notebook, inline figures become SVG."""
    plt.rcParams.update(_SETTINGS)
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg")


def colour(method: str) -> str:
    """Return the colour that stands for a method in every figure, as `#rrggbb`.

    Args:
        method: A name of `robustlab.methods.BY_NAME`, such as `"adaptive-pgd"`, or a control of a study.

    Raises:
        ValueError: If the method has no colour.
    """
    return _look(method).colour


def marker(method: str) -> str:
    """Return the Matplotlib marker that stands for a method in every figure.

    Args:
        method: A name of `robustlab.methods.BY_NAME`, such as `"adaptive-pgd"`, or a control of a study.

    Raises:
        ValueError: If the method has no marker.
    """
    return _look(method).marker


def show(figure: Figure, *, alt: str) -> None:
    """Display a figure with its alternative text, and close it so that it is not displayed twice.

    Args:
        figure: The figure; it cannot be shown again afterwards.
        alt: What the figure shows, in words, for somebody who cannot see it.

    Raises:
        ValueError: If `alt` is empty.
    """
    from IPython.display import HTML, display

    image = _image(figure, alt)
    plt.close(figure)
    display(HTML(image))


def save(figure: Figure, path: str | os.PathLike[str], *, alt: str) -> None:
    """Write a figure as an SVG file whose title is its alternative text. The same figure gives the same bytes.

    Args:
        figure: The figure.
        path: Where to write; the suffix should be `.svg`.
        alt: What the figure shows, in words, for somebody who cannot see it.

    Raises:
        ValueError: If `alt` is empty.
    """
    svg = _svg(figure, alt)
    with open(path, "wb") as file:
        file.write(svg)


def _look(method: str) -> _Look:
    if method not in _LOOKS:
        near = difflib.get_close_matches(method, _LOOKS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"those that have one: {', '.join(_LOOKS)}"
        raise ValueError(
            f"method must have a fixed colour and marker, got {method!r}; {hint} "
            "(a new method gets its own in robustlab/figures/style.py)"
        )
    return _LOOKS[method]


def _svg(figure: Figure, alt: str) -> bytes:
    if not alt.strip():
        raise ValueError(f"alt must say in words what the figure shows, got {alt!r}")
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "robustlab", "svg.fonttype": "path"}):
        # Neither the date nor the version of Matplotlib: a refreshed notebook changes only where the picture does.
        figure.savefig(
            buffer, format="svg", transparent=True, metadata={"Title": alt.strip(), "Date": None, "Creator": None}
        )
    return compact(buffer.getvalue().decode()).encode()


def _image(figure: Figure, alt: str) -> str:
    # An <img> keeps the identifiers of several figures on one page apart, which inline SVG does not. `dark-light` tells
    # the theme not to paint a white card behind it on the dark page.
    data = base64.b64encode(_svg(figure, alt)).decode("ascii")
    return (
        f'<img class="robustlab-figure dark-light" alt="{html.escape(alt.strip())}" '
        f'style="max-width:100%;height:auto" src="data:image/svg+xml;base64,{data}">'
    )

"""The figures' style: readable on both pages, told apart by anybody, the same bytes every time, never without words."""

import base64
import itertools
import re
import subprocess
import sys
from html import unescape
from xml.etree import ElementTree

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.colors import to_rgb  # noqa: E402

from robustlab.figures import style  # noqa: E402

METHODS = (
    "standard", "fgsm", "fgm", "pgd", "pgd-radius-matched", "freelb", "freelb-released", "freelb++", "adaptive-pgd",
    "adaptive-freelb",
)  # fmt: skip
PAGES = ("#ffffff", "#121212")  # the theme's light and dark backgrounds

# Machado, Oliveira and Fernandes (2009): how a linear RGB colour looks without long- or medium-wave cones.
VISION = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}


def linear(colour):
    channels = np.array(to_rgb(colour))
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(first, second):
    """The contrast ratio of WCAG 2."""
    light, dark = sorted((linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (first, second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(colour, vision):
    seen = np.clip(np.array(VISION[vision]) @ linear(colour), 0, 1)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    x, y, z = np.cbrt(to_xyz @ seen / np.array([0.95047, 1.0, 1.08883]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def drawn():
    style.use()
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1], color=style.colour("pgd"), marker=style.marker("pgd"), label="PGD")
    axes.legend()
    return figure


@pytest.fixture(autouse=True)
def untouched_settings():
    with matplotlib.rc_context():
        yield
    plt.close("all")


def test_contrast_agrees_with_known_ratios():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)  # the textbook grey that just passes 4.5


@pytest.mark.parametrize("page", PAGES)
def test_ink_is_readable_on_both_pages(page):
    assert contrast(style.INK, page) >= 4.25


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("method", METHODS)
def test_method_colours_stand_out_on_both_pages(method, page):
    assert contrast(style.colour(method), page) >= 3  # WCAG 2.1, 1.4.11, for graphical objects


@pytest.mark.parametrize("vision", VISION)
def test_methods_are_told_apart_by_colour(vision):
    distances = {
        (first, second): np.linalg.norm(lab(style.colour(first), vision) - lab(style.colour(second), vision))
        for first, second in itertools.combinations(METHODS, 2)
    }
    assert min(distances.values()) >= 15, min(distances, key=distances.get)


def test_methods_are_told_apart_by_marker():
    assert len({style.marker(method) for method in style._LOOKS}) == len(style._LOOKS)


@pytest.mark.parametrize("method", style._LOOKS)
def test_every_colour_stands_out_on_both_pages(method):
    assert min(contrast(style.colour(method), page) for page in PAGES) >= 3


def test_every_named_method_has_a_look():
    methods = pytest.importorskip("robustlab.methods")
    missing = [name for name in methods.BY_NAME if name not in style._LOOKS]
    assert not missing


def test_unknown_method_names_the_nearest():
    with pytest.raises(ValueError, match=r"got 'adaptive-pdg'; did you mean 'adaptive-pgd'\?"):
        style.colour("adaptive-pdg")
    with pytest.raises(ValueError, match=r"got 'zzz'; those that have one: standard, fgsm"):
        style.marker("zzz")


def test_shown_figure_is_one_svg_image_with_its_words(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    figure = drawn()
    style.show(figure, alt='Accuracy of "PGD" < 1 & rising. ')
    assert not plt.fignum_exists(figure.number)
    [output] = shown
    image = re.fullmatch(
        r'<img class="robustlab-figure dark-light" alt="([^"]*)" style="[^"]*" src="data:image/svg\+xml;base64,(.*)">',
        output.data,
    )
    assert unescape(image[1]) == 'Accuracy of "PGD" < 1 & rising.'
    root = ElementTree.fromstring(base64.b64decode(image[2]))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


def test_a_notebook_shows_the_figure_once_and_prints_nothing(tmp_path):
    client, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    cell = nbformat.v4.new_code_cell(
        "import matplotlib.pyplot as plt\n"
        "from robustlab.figures import style\n"
        "style.use()\n"
        "figure, axes = plt.subplots()\n"
        "style.show(figure, alt='Empty axes.')"
    )
    notebook = nbformat.v4.new_notebook(cells=[cell])
    client.NotebookClient(notebook, kernel_name="python3", timeout=60, resources={"metadata": {"path": "."}}).execute()
    [output] = cell.outputs
    assert output.output_type == "display_data"
    assert set(output.data) == {"text/html", "text/plain"}
    assert 'alt="Empty axes."' in output.data["text/html"]


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_figure_without_words_is_refused(alt, tmp_path):
    with pytest.raises(ValueError, match="alt must say in words what the figure shows, got "):
        style.show(drawn(), alt=alt)
    with pytest.raises(ValueError, match="alt must say in words what the figure shows, got "):
        style.save(drawn(), tmp_path / "figure.svg", alt=alt)


def test_saved_figure_is_transparent_titled_and_reproducible(tmp_path):
    for name in ("first.svg", "second.svg"):
        style.save(drawn(), tmp_path / name, alt="A rising line.")
        plt.close("all")
    first = (tmp_path / "first.svg").read_bytes()
    assert first == (tmp_path / "second.svg").read_bytes()
    svg = first.decode()
    assert "<title>A rising line.</title>" in svg
    assert "<text" not in svg, "glyphs must be paths, or the page depends on installed fonts"
    assert style.INK in svg
    assert style.colour("pgd") in svg
    assert "#ffffff" not in svg, "a white background would glare on the dark page"
    assert not re.search(r"<dc:date>|Matplotlib v", svg)


def test_saved_bytes_do_not_depend_on_the_process(tmp_path):
    script = (
        "import matplotlib; matplotlib.use('Agg'); import matplotlib.pyplot as plt\n"
        "from robustlab.figures import style; import sys\n"
        "style.use(); figure, axes = plt.subplots(); axes.plot([0, 1], [0, 1], marker='o', clip_on=True)\n"
        "style.save(figure, sys.argv[1], alt='A line.')"
    )
    files = [tmp_path / "first.svg", tmp_path / "second.svg"]
    for file in files:
        subprocess.run([sys.executable, "-c", script, str(file)], check=True)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_figures_fit_the_page():
    style.use()
    widths = [plt.rcParams["figure.figsize"][0], style.PAIR[0]]
    assert all(width * 96 <= 720 for width in widths)  # the theme's text column, in CSS pixels
    assert plt.rcParams["font.size"] * 96 / 72 * 360 / (widths[0] * 96) >= 9  # a phone is 360 pixels wide

import re
import time
import tomllib
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import robustlab.evaluation.attack
from robustlab.evaluation.attack import report
from robustlab.evaluation.attack.summary import summarise
from tests.evaluation.attack.example_rows import attacked, outcomes
from tests.evaluation.attack.pages import Page

NASTY = [
    "<script>alert('x')</script>",
    '</div></article><img src="http://example.org/x.png" onerror=alert(1)>',
    "{{ 7 * 7 }} {% for %} {# #}",
    "& &amp; &lt; &#65; \" ' `",
    "👩‍👩‍👧 ✌🏽 🇩🇪",
    "שלום \u202egnorw\u202c مرحبا",
    "tab\tline\nreturn\rboth\r\nfeed\x0c bell\x07 escape\x1b delete\x7f next\x85 c1\x93",
    "\u2028\u2029\ufeff\u200b\u2060\ufffe",
    "--> <!-- <![CDATA[ ]]>",
    " leading and trailing ",
    "",
    "word",
]


def page(rows, given=None, **more) -> Page:
    return Page(report.html(rows, summarise(rows, resamples=20), given or {}, **more))


def texts(rows, **more) -> list[list[tuple[str, str]]]:
    return [[(one.heading, one.text) for one in card] for card in page(rows, **more).versions]


@pytest.mark.parametrize("before", NASTY)
def test_texts_are_on_the_page_as_they_are(before):
    after = f"{before} <b>&amp;"
    (shown,) = texts([attacked(0, text=before, attacked_text=after)])
    assert shown == [("Text as written", before), ("Text, attacked", after)]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), min_size=1, max_size=10))
def test_any_text_is_on_the_page_as_it_is(pairs):
    rows = [attacked(n, text=before, attacked_text=after) for n, (before, after) in enumerate(pairs)]
    for (before, after), shown in zip(pairs, texts(rows), strict=True):
        expected = [before] if before == after else [before, after]
        assert [text for _, text in shown] == [text.replace("\0", "\ufffd") for text in expected]


def test_what_no_page_can_hold_is_replaced_and_named():
    found = report.html([attacked(0, text="ab", attacked_text="a\0b \ud800")], summarise(outcomes("s")), {})
    assert Page(found).versions[0][1].text == "a\ufffdb \ufffd"
    assert 'title="U+0000 control character" data-code="U+0000"' in found
    assert "U+D800" in found
    found.encode("utf-8")
    named = report.html(outcomes("s"), summarise(outcomes("s")), {"model": "\0\udfff"}, labels=["\0", "\ud800"])
    assert "\0" not in named
    assert "<td>\ufffd\ufffd</td>" in named
    named.encode("utf-8")


def test_no_tag_survives_from_the_data():
    plain = page([attacked(0, text="a b", attacked_text="a c")], {"model": "m"}, labels=["n", "p"])
    evil = "</td></details><script>alert(1)</script><img src=x>\"'"
    rows = [attacked(0, text=f"{evil} b", attacked_text=f"{evil} c")]
    found = page(rows, {"model": evil}, labels=[evil, evil])
    assert found.tags == plain.tags
    assert found.script == plain.script
    assert found.rest.count("<img src=x>") == 6  # run line, settings, and four names of labels


def test_nothing_is_fetched():
    found = page([attacked(0, text="http://example.org", attacked_text="https://example.org")])
    links = [value for _, name, value in found.attributes if name in ("href", "src", "action", "srcset")]
    assert links
    assert all(link.startswith(("#", "data:")) for link in links)
    styles, script = (
        (files("robustlab.evaluation.attack") / "page" / name).read_text() for name in ("report.css", "report.js")
    )
    assert "url(" not in styles
    assert "@import" not in styles
    assert not re.search(r"fetch|XMLHttp|import|innerHTML|https?:", script)
    (policy,) = [value for _, name, value in found.attributes if name == "content" and "default-src" in value]
    assert policy.startswith("default-src 'none'")


def test_differences_are_marked():
    (card,) = page([attacked(0, text="a good film here", attacked_text="a gоod movie here")]).versions
    assert [version.marked for version in card] == [
        [("del", "good"), ("del", "film")],
        [("ins", "gоod"), ("ins", "movie")],
    ]


def test_characters_are_named():
    found = page([attacked(0, text="a good film", attacked_text="a gоod fi\u200blm")])
    titles = [value for tag, name, value in found.attributes if name == "title"]
    assert titles == ["U+043E CYRILLIC SMALL LETTER O", "U+200B ZERO WIDTH SPACE"]
    assert "Characters introduced: U+043E CYRILLIC SMALL LETTER O, U+200B ZERO WIDTH SPACE" in found.rest
    kinds = [value for _, name, value in found.attributes if name == "class"]
    assert "odd unseen" in kinds


def test_what_the_attack_left_alone_is_shown_once():
    rows = [
        attacked(0, "skipped", text="x y"),
        attacked(1, text_pair="p", attacked_pair="p", text="a", attacked_text="b"),
    ]
    assert texts(rows) == [
        [("Text, unchanged", "x y")],
        [("Text as written", "a"), ("Text, attacked", "b"), ("Pair, unchanged", "p")],
    ]
    (shown,) = texts([attacked(0, text_pair="p q", attacked_pair="p r")])
    assert shown[2:] == [("Pair as written", "p q"), ("Pair, attacked", "p r")]


def test_long_unchanged_stretches_are_folded():
    words = [f"w{number}" for number in range(5000)]
    text = " ".join(words)
    changed = text.replace("w2500 ", "CHANGED ")
    made = report.html([attacked(0, text=text, attacked_text=changed)], summarise(outcomes("s")), {})
    assert [version.text for version in Page(made).versions[0]] == [text, changed]
    # 20 of the 2500 words before the change stay at either end, and of the 2499 after it; the space before these is one
    assert re.findall(r"<summary>([\d,]+) unchanged", made) == ["2,460", "2,460"] * 2
    assert "w2480 w2481" in made.split("unchanged words")[1].split("</details>")[1]


def test_short_stretches_are_not_folded():
    text = " ".join(f"w{number}" for number in range(80))
    assert "unchanged words" not in report.html([attacked(0, text=text)], summarise(outcomes("s")), {})


def test_the_summary_comes_first_and_says_what_is_missing_by_leaving_it_out():
    rows = outcomes("ssf-")
    found = page(
        rows,
        {"recipe": "textfooler+minilm", "budget": None, "settings": {"model": "m", "data": "sst2", "sizes": ["ä", 2]}},
    )
    said = " ".join(found.rest.split())
    assert "Robust accuracy of all examples, those the attack found no error for 25.0 %" in said
    assert "Attack success of the attacked examples 66.7 %" in said
    assert "Similarity" not in said
    assert "2 succeeded 1 failed 1 skipped" in said
    assert "recipe textfooler+minilm · data sst2 · model m" in said
    assert 'settings.sizes ["ä", 2]' in said
    assert "budget none" in said
    assert "95 % interval" in said


def test_numbers_of_an_example():
    row = attacked(7, similarity=0.8567, perplexity=20.31, attacked_perplexity=99.56, exhausted=True, queries=1234)
    said = " ".join(page([row], labels=["negative", "positive"]).rest.split())
    assert "Example 7" in said
    assert "Label positive Predicted positive → negative" in said
    assert "0.900 → 0.300 Queries 1,234, budget exhausted Words changed 1 of 3" in said
    assert "Similarity 0.857 Perplexity 20.3 → 99.6" in said
    assert "Label 1 Predicted 1 → 0" in " ".join(page([row]).rest.split())


def test_a_thousand_examples(tmp_path):
    text = "the film is not as good as the book it was made from , and that is a pity for all who like either"
    rows = [attacked(n, text=f"{n} {text}", attacked_text=f"{n} {text.replace('good', 'gооd')}") for n in range(1000)]
    summary = summarise(rows, resamples=20)
    start = time.process_time()
    file = report.write(tmp_path, rows, summary, {})
    assert time.process_time() - start < 5  # about 0.3 s; the margin is for slow machines
    assert file.stat().st_size < 2e6
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_it_is_written_byte_for_byte(tmp_path):
    rows = [attacked(0, text="a\rb", attacked_text="a\r\nb")]
    file = report.write(tmp_path, rows, summarise(rows), {})
    assert file.read_bytes().decode("utf-8") == report.html(rows, summarise(rows), {})
    assert b"\r" not in file.read_bytes()  # a browser would read a line feed
    assert b"a&#13;" in file.read_bytes()


def test_the_summary_is_of_these_rows():
    with pytest.raises(ValueError, match="expected the summary of these 2 examples, got one of 3"):
        report.html(outcomes("sf"), summarise(outcomes("sff")), {})


def test_every_label_has_a_name():
    rows = [replace(attacked(0), attacked_predicted=2)]
    with pytest.raises(ValueError, match="expected a name for every label up to 2, got 2 names"):
        report.html(rows, summarise(rows), {}, labels=["a", "b"])


def test_the_parts_of_the_page_are_package_data(root):
    patterns = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    folder = files(robustlab.evaluation.attack)
    packed = {path.name for pattern in patterns["robustlab.evaluation.attack"] for path in folder.glob(pattern)}
    assert {"report.html", "report.css", "report.js"} <= packed


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_contrast(theme):
    styles = (files("robustlab.evaluation.attack") / "page" / "report.css").read_text()
    block = re.findall(r":root \{(.*?)\}", styles, re.DOTALL)[theme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    written = {
        "page": ("ink", "soft", "link", "bad", "good", "none"),
        "card": ("ink", "soft", "link", "bad", "good", "none"),
        "del-page": ("del",),
        "ins-page": ("ins",),
    }
    for below, above in written.items():
        for name in above:
            dark, light = sorted([luminance(colours[below]), luminance(colours[name])])
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (below, name)

"""The built site asks nobody for anything, and every page works in a browser without a network."""

import re
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.book import browser

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"

pytestmark = [
    pytest.mark.skipif(not (HTML / "index.html").is_file(), reason="no site in _build/html: run `make html`"),
    pytest.mark.xdist_group("browser"),
]


def pages() -> list[Path]:
    """Every page that stays; index.html only leads to the first."""
    found = (path for path in HTML.rglob("*.html") if "_static" not in path.relative_to(HTML).parts)
    return sorted(path for path in found if 'http-equiv="Refresh"' not in path.read_text())


def foreign(html: str) -> list[str]:
    """The addresses that a browser would fetch from elsewhere when it shows `html`; links to follow are not meant."""
    tags = re.findall(r"<(?:script|img|iframe|source|video|audio|embed|object|image|use)\b[^>]*>", html, re.IGNORECASE)
    tags += [tag for tag in re.findall(r"<link\b[^>]*>", html, re.IGNORECASE) if 'rel="canonical"' not in tag]
    found = [url for tag in tags for url in re.findall(r"""(?:src|href|data|srcset)=["']((?:https?:)?//[^"']+)""", tag)]
    inline = re.findall(r"<(?:style|script)\b[^>]*>(.*?)</(?:style|script)>", html, re.DOTALL | re.IGNORECASE)
    styles = re.findall(r"""\bstyle=["']([^"']*)["']""", html)
    for text in [*inline, *styles]:
        found += re.findall(r"""(?:url\(|@import|import\(|fetch\()\s*["']?((?:https?:)?//[^"')\s]+)""", text)
    return found


def test_the_search_for_foreign_addresses_finds_them() -> None:
    assert foreign('<script defer src="https://cdn.example/x.js"></script>') == ["https://cdn.example/x.js"]
    assert foreign('<link rel="stylesheet" href="//cdn.example/x.css">') == ["//cdn.example/x.css"]
    assert foreign("<style>a { background: url(https://cdn.example/x.png) }</style>") == ["https://cdn.example/x.png"]
    assert foreign('<a href="https://example.org">read more</a><script src="local.js"></script>') == []


def test_no_page_fetches_from_elsewhere() -> None:
    assert pages()
    found = {page.relative_to(HTML).as_posix(): foreign(page.read_text()) for page in pages()}
    assert not {page: urls for page, urls in found.items() if urls}


def test_no_stylesheet_fetches_from_elsewhere() -> None:
    for sheet in HTML.rglob("*.css"):
        assert not re.findall(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""", sheet.read_text()), sheet.name


def test_every_page_of_the_contents_is_there() -> None:
    listed = re.findall(r"(?:file|root): (\S+)", (ROOT / "_toc.yml").read_text())
    assert len(listed) > 10
    missing = [name for name in listed if not (HTML / f"{name}.html").is_file()]
    assert not missing


def test_every_picture_has_alternative_text() -> None:
    for page in pages():
        for tag in re.findall(r"<img\b[^>]*>", page.read_text()):
            text = re.search(r"""\balt=["']([^"']*)["']""", tag)
            assert text, f"{page.name}: {tag[:120]}"
            assert not re.search(r"\.(svg|png)$", text.group(1)), f"{page.name}: the alt text is a path: {tag[:120]}"


def test_local_links_lead_somewhere() -> None:
    for page in pages():
        for target in re.findall(r"""<(?:a|link|script|img)\b[^>]*?(?:href|src)=["']([^"'#?]+)""", page.read_text()):
            if not re.match(r"[a-z]+:|//", target):
                assert (page.parent / target).exists(), f"{page.relative_to(HTML)} points to {target}"


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy for reading offline, unpacked as a reader would."""
    folder = tmp_path_factory.mktemp("offline")
    with zipfile.ZipFile(HTML / "robustlab-book.zip") as archive:
        archive.extractall(folder)
    return folder / "robustlab-book"


def test_the_first_page_offers_the_whole_book() -> None:
    (target,) = re.findall(
        r'<p class="whole-book">.*?href="([^"]+)"', (HTML / "book/intro.html").read_text(), re.DOTALL
    )
    assert (HTML / "book" / target).resolve() == (HTML / "robustlab-book.zip").resolve()


def test_the_whole_book_is_whole(offline: Path) -> None:
    there = {path.relative_to(offline) for path in offline.rglob("*") if path.is_file()}
    assert there == {path.relative_to(HTML) for path in HTML.rglob("*") if path.is_file()} - {
        Path("robustlab-book.zip")
    }
    assert "whole-book" not in (offline / "book/intro.html").read_text()


def test_the_whole_book_opens_from_a_folder_and_can_be_searched(offline: Path) -> None:
    path = browser.find()
    if path is None:
        pytest.skip(f"no browser to load the pages with: none of {', '.join(browser.NAMES)} is installed")
    assert "url=book/intro.html" in (offline / "index.html").read_text()
    names = ("book/intro.html", "notebooks/adaptive/taylor.html", "search.html?q=simplex")
    addresses = [f"{offline.as_uri()}/{name}" for name in names]
    first, chapter, search = browser.visit(path, addresses).values()
    assert "The chapters" in first.text
    assert chapter.formulas > 20
    assert not [*first.errors, *chapter.errors]
    assert "project_to_simplex" in search.text
    for page in (first, chapter, search):
        assert all(url.startswith(("file:", "data:", "blob:", "about:")) for url in page.requests)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    serving = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(HTML)))
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()


@pytest.fixture(scope="module")
def visits(server: str) -> dict[str, browser.Visit]:
    path = browser.find()
    if path is None:
        pytest.skip(f"no browser to load the pages with: none of {', '.join(browser.NAMES)} is installed")
    addresses = [f"{server}/{page.relative_to(HTML).as_posix()}" for page in pages()]
    return browser.visit(path, addresses)


def test_in_a_browser_no_page_asks_anyone_else(visits: dict[str, browser.Visit]) -> None:
    for address, page in visits.items():
        assert page.requests, f"{address} was not seen to load"
        elsewhere = [url for url in page.requests if not re.match(r"http://127\.0\.0\.1[:/]|data:|blob:|about:", url)]
        assert not elsewhere, f"{address} asks for {elsewhere}"


def test_in_a_browser_no_page_has_errors(visits: dict[str, browser.Visit]) -> None:
    assert not {address: page.errors for address, page in visits.items() if page.errors}


def test_in_a_browser_all_mathematics_is_set(visits: dict[str, browser.Visit]) -> None:
    assert sum(page.formulas for page in visits.values()) > 20
    for address, page in visits.items():
        left = re.findall(r"\$\$.{0,60}|\\\(.{0,60}|\\begin\{.{0,60}|Math input error", page.text)
        assert not left, f"{address} shows {left}"


def test_on_a_phone_no_page_scrolls_sideways(visits: dict[str, browser.Visit]) -> None:
    wide = {address: page.overflow for address, page in visits.items() if page.overflow > 1}
    assert not wide, "wider than a 390-pixel screen: break long equations with `aligned`, let tables scroll"


def test_the_browser_reports_what_a_bad_page_does(tmp_path: Path) -> None:
    path = browser.find()
    if path is None:
        pytest.skip("no browser is installed")
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<meta name='viewport' content='width=device-width'><p style='width: 400px'>$$x$$</p>"
        "<script src='http://cdn.example/x.js'></script><script>console.error('oh')</script>"
    )
    (page,) = browser.visit(path, [bad.as_uri()]).values()
    assert "http://cdn.example/x.js" in page.requests
    assert any("oh" in error for error in page.errors)
    assert any("ERR_NAME_NOT_RESOLVED" in error for error in page.errors)
    assert "$$x$$" in page.text
    assert page.overflow > 1, "400 pixels are too wide for a phone"

"""The site is built from pinned parts, and knows only the addresses it is given."""

import base64
import hashlib
import io
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import mathjax
import site_builder


def tarball(**files: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


class Reply(io.BytesIO):
    pass


def test_a_download_with_another_checksum_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mathjax.urllib.request, "urlopen", lambda *_, **__: Reply(b"something else"))
    with pytest.raises(RuntimeError, match=r"expected sha512 Bt\+SS.*got .*the download was not used"):
        mathjax.fetch()


def test_without_network_and_npm_the_reason_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise mathjax.urllib.error.URLError("no route")

    monkeypatch.setattr(mathjax.urllib.request, "urlopen", refuse)
    monkeypatch.setattr(mathjax.shutil, "which", lambda _: None)
    with pytest.raises(RuntimeError, match=r"MathJax 3\.2\.2 could not be fetched .*no route.* npm is not installed"):
        mathjax.fetch()


def test_only_what_pages_use_is_unpacked_and_a_second_call_fetches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = "package/es5/output/chtml/fonts/woff-v2/a.woff"
    data = tarball(**{wanted: "font", "package/es5/tex-mml-chtml.js": "js", "package/es5/sre/big.js": "no"})
    monkeypatch.setattr(mathjax, "SHA512", base64.b64encode(hashlib.sha512(data).digest()).decode())
    monkeypatch.setattr(mathjax.urllib.request, "urlopen", lambda *_, **__: Reply(data))
    mathjax.vendor(tmp_path / "mathjax")
    found = {path.relative_to(tmp_path / "mathjax").as_posix() for path in (tmp_path / "mathjax").rglob("*.*")}
    assert found == {"output/chtml/fonts/woff-v2/a.woff", "tex-mml-chtml.js"}
    monkeypatch.setattr(mathjax, "fetch", lambda: pytest.fail("fetched again"))
    mathjax.vendor(tmp_path / "mathjax")


def test_without_addresses_the_configuration_names_none() -> None:
    text = site_builder.configuration("", "")
    config = yaml.safe_load(text)
    assert "http" not in text
    assert "baseurl" not in config["html"]
    assert "sphinxext.opengraph" not in config["sphinx"]["config"]["extensions"]


def test_given_addresses_bring_links_and_buttons() -> None:
    config = yaml.safe_load(site_builder.configuration("https://example.org/book", "https://example.org/code/"))
    assert config["html"]["baseurl"] == "https://example.org/book/"
    assert config["repository"]["url"] == "https://example.org/code"
    assert config["launch_buttons"]["colab_url"]
    assert config["sphinx"]["config"]["sitemap_url_scheme"] == "{link}"
    assert config["sphinx"]["config"]["ogp_site_name"] == "robustlab"


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build folder of its own."""
    folders = {"SOURCE": "source", "HTML": "html", "DOCTREES": ".doctrees"}
    for name, folder in folders.items():
        monkeypatch.setattr(site_builder, name, tmp_path / folder)
        (tmp_path / folder).mkdir()
    return tmp_path


TREE = {"_config.yml": b"title: t", "_toc.yml": b"root: a", "a.md": b"# A", "b.md": b"# B"}


def test_staging_touches_only_what_changed(build: Path) -> None:
    site_builder.stage(TREE)
    (build / ".doctrees").mkdir(exist_ok=True)
    before = (build / "source/a.md").stat().st_mtime_ns
    site_builder.stage({**TREE, "b.md": b"# New"})
    assert (build / "source/a.md").stat().st_mtime_ns == before
    assert (build / "source/b.md").read_bytes() == b"# New"
    assert (build / ".doctrees").is_dir()


def test_a_new_table_of_contents_starts_the_site_afresh(build: Path) -> None:
    site_builder.stage(TREE)
    (build / "html").mkdir(exist_ok=True)
    (build / "html/b.html").write_text("old")
    site_builder.stage({name: data for name, data in (TREE | {"_toc.yml": b"root: b"}).items() if name != "b.md"})
    assert not (build / "html/b.html").exists()
    assert not (build / "source/b.md").exists()


@pytest.mark.parametrize("name", ["_config.yml", "book/_ext/tables.py", "package.sha256"])
def test_what_every_page_depends_on_makes_sphinx_read_them_all(build: Path, name: str) -> None:
    site_builder.stage({**TREE, name: b"old"})
    (build / ".doctrees").mkdir(exist_ok=True)
    site_builder.stage({**TREE, name: b"new"})
    assert not (build / ".doctrees").exists()


def test_a_failed_build_forgets_so_that_the_next_one_warns_again(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = type("Done", (), {"returncode": 1})
    monkeypatch.setattr(site_builder.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(SystemExit, match="the strict build failed; see the warnings above"):
        site_builder.build()
    assert not (build / ".doctrees").exists()


OFFER = '<p>a</p><p class="whole-book">Take\n<a href="../robustlab-book.zip">it</a>.</p><p>b</p>'


def test_the_zip_holds_the_site_and_not_itself(build: Path) -> None:
    (build / "html/index.html").write_text(OFFER)
    for _ in range(2):
        site_builder.pack()
    with zipfile.ZipFile(build / "html" / site_builder.ZIP) as archive:
        assert archive.namelist() == ["robustlab-book/index.html"]
        assert archive.read("robustlab-book/index.html") == b"<p>a</p><p>b</p>"
    assert (build / "html/index.html").read_text() == OFFER


def test_a_zip_that_no_page_offers_is_an_error(build: Path) -> None:
    (build / "html/index.html").write_text("page")
    with pytest.raises(ValueError, match=r"expected one page to offer robustlab-book\.zip, found 0"):
        site_builder.pack()
    assert [path.name for path in (build / "html").iterdir()] == ["index.html"]

"""Build the site into _build/html.

    python tools/site_builder.py committed    from the outputs that are committed in the notebooks
    python tools/site_builder.py executed     from the copies that papermill executed into _build/executed

The sources are first gathered in _build/source, where the vendored MathJax and, if they are set, the public addresses
(ROBUSTLAB_SITE_URL, ROBUSTLAB_REPOSITORY_URL) join them. The working tree is never written to.
"""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import yaml

import mathjax
import notebooks

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
SOURCE, HTML, DOCTREES = BUILD / "source", BUILD / "html", BUILD / ".doctrees"
ZIP = "robustlab-book.zip"
LINK = re.compile(rb'<p class="whole-book">.*?</p>', re.DOTALL)  # to ZIP, in book/intro.md
# What every page may depend on without Sphinx noticing: its settings, its extensions, the package that they read.
BIBLIOGRAPHY = "robustlab/references.bib"
EVERY_PAGE = ("_config.yml", "_toc.yml", "book/_ext/", "book/results/", "package.sha256")


def configuration(site: str, repository: str) -> str:
    """Return _config.yml with the public addresses that are known; empty ones add nothing."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    sphinx = config["sphinx"]
    if site:
        address = site.rstrip("/") + "/"
        config["html"]["baseurl"] = address
        sphinx["config"]["extensions"] += ["sphinx_sitemap", "sphinxext.opengraph"]
        sphinx["config"] |= {
            "sitemap_url_scheme": "{link}",
            "ogp_site_url": address,
            "ogp_site_name": config["title"],
            "ogp_social_cards": {"enable": False},
        }
    if repository:
        config["repository"]["url"] = repository.rstrip("/")
        config["html"] |= {"use_repository_button": True, "use_issues_button": True}
        config["launch_buttons"] |= {
            "colab_url": "https://colab.research.google.com",
            "binderhub_url": "https://mybinder.org",
        }
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)


def chapter(path: Path, executed: bool) -> bytes:
    """Return a chapter as it is to be published.

    Raises: SystemExit: If the executed copy is wanted and missing or stale.
    """
    if not executed:
        return path.read_bytes()
    copy = BUILD / "executed" / path.relative_to(notebooks.CHAPTERS)
    if not copy.is_file():
        sys.exit(f"book: {path.relative_to(ROOT)} has not been executed; run `make book`")
    merged = notebooks.clean(notebooks.merge(notebooks.read(path), notebooks.read(copy)))
    return (nbformat.writes(merged) + "\n").encode()


def gather(executed: bool) -> dict[str, bytes]:
    """Return the tree that Sphinx is to see, file by file."""
    site, repository = os.environ.get("ROBUSTLAB_SITE_URL", ""), os.environ.get("ROBUSTLAB_REPOSITORY_URL", "")
    tree = {"_config.yml": configuration(site, repository).encode(), "_toc.yml": (ROOT / "_toc.yml").read_bytes()}
    tree[BIBLIOGRAPHY] = (ROOT / BIBLIOGRAPHY).read_bytes()
    tree["package.sha256"] = notebooks.package_digest().encode()
    for path in sorted((ROOT / "book").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            tree[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    for path in notebooks.chapters():
        tree[path.relative_to(ROOT).as_posix()] = chapter(path, executed)
    vendored = BUILD / "mathjax"
    mathjax.vendor(vendored)
    for path in sorted(vendored.rglob("*")):
        if path.is_file():
            tree[f"book/_static/mathjax/{path.relative_to(vendored).as_posix()}"] = path.read_bytes()
    return tree


def changed(name: str, tree: dict[str, bytes]) -> bool:
    """Whether a file of `tree` differs from the one staged last."""
    return not (SOURCE / name).is_file() or (SOURCE / name).read_bytes() != tree[name]


def stage(tree: dict[str, bytes]) -> None:
    """Bring _build/source to `tree`, touching only what differs so that Sphinx rebuilds only that."""
    if changed("_toc.yml", tree):
        shutil.rmtree(HTML, ignore_errors=True)  # pages that left the table of contents must not stay behind
    if any(changed(name, tree) for name in tree if name.startswith(EVERY_PAGE)):
        forget()
    for path in sorted(SOURCE.rglob("*")) if SOURCE.is_dir() else ():
        if path.is_file() and path.relative_to(SOURCE).as_posix() not in tree:
            path.unlink()
    for name, data in tree.items():
        target = SOURCE / name
        if changed(name, tree):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


def forget() -> None:
    """Drop what Sphinx remembers: it warns about a page only when it reads it."""
    shutil.rmtree(DOCTREES, ignore_errors=True)


def build() -> None:
    """Run Jupyter Book with every warning an error.

    Raises: SystemExit: If anything was warned about; the next build then starts afresh.
    """
    program = Path(sys.executable).with_name("jupyter-book")
    command = [str(program), "build", str(SOURCE), "--path-output", str(ROOT)]
    # Warnings go to the error stream; the other one only says where the site is.
    done = subprocess.run([*command, "-W", "-n", "--keep-going", "-q"], stdout=subprocess.DEVNULL)
    if done.returncode:
        forget()
        sys.exit("book: the strict build failed; see the warnings above")


def pack() -> None:
    """Put the whole site in one file beside its pages, for reading offline.

    The page that offers the file does not offer it there: a copy has no copy of itself.

    Raises: ValueError: If no page offers it.
    """
    target = HTML / ZIP
    partial = target.with_suffix(".partial")
    offers = 0
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(HTML.rglob("*")):
            if path.is_file() and path not in (target, partial):
                data = path.read_bytes()
                if path.suffix == ".html":
                    data, found = LINK.subn(b"", data)
                    offers += found
                archive.writestr((Path("robustlab-book") / path.relative_to(HTML)).as_posix(), data)
    if offers != 1:
        partial.unlink()
        raise ValueError(f"expected one page to offer {ZIP}, found {offers}: keep its paragraph of class whole-book")
    partial.replace(target)


def main(arguments: list[str]) -> None:
    """Gather, build and pack."""
    if arguments not in (["committed"], ["executed"]):
        sys.exit(__doc__)
    print(f"book: building _build/html from the {arguments[0]} notebooks", flush=True)
    stage(gather(executed=arguments == ["executed"]))
    build()
    pack()
    print(f"book: the site is at _build/html/index.html (in one file: _build/html/{ZIP})", flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (RuntimeError, ValueError) as problem:
        sys.exit(f"book: {problem}")

"""Vendor MathJax from its npm package, so that no page asks a third party for it.

python tools/mathjax.py FOLDER        fill FOLDER with MathJax, unless it is there already
"""

import base64
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

VERSION = "3.2.2"
# The integrity that the registry publishes for this version; a new version needs a new one.
SHA512 = "Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw=="
REGISTRY = os.environ.get("NPM_CONFIG_REGISTRY", "https://registry.npmjs.org").rstrip("/")
# What the pages use: TeX and MathML in, HTML and web fonts out, and the TeX extensions loaded on demand.
WANTED = ("tex-mml-chtml.js", "input/tex/extensions/", "output/chtml/fonts/woff-v2/")


def fetch() -> bytes:
    """Return the package's tarball, from the registry by itself or, failing that, by npm with its own settings.

    Raises: RuntimeError: If neither way works or the checksum differs.
    """
    address = f"{REGISTRY}/mathjax/-/mathjax-{VERSION}.tgz"
    print(f"book: fetching MathJax {VERSION} from {REGISTRY}", flush=True)
    try:
        with urllib.request.urlopen(address, timeout=120) as reply:
            data = reply.read()
    except (urllib.error.URLError, TimeoutError, OSError) as problem:
        data = pack(problem)
    digest = base64.b64encode(hashlib.sha512(data).digest()).decode()
    if digest != SHA512:
        raise RuntimeError(f"MathJax {VERSION}: expected sha512 {SHA512}, got {digest}; the download was not used")
    return data


def pack(problem: Exception) -> bytes:
    """Return the tarball as `npm pack` gets it; npm may know a mirror or a proxy that Python does not."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(f"MathJax {VERSION} could not be fetched ({problem}) and npm is not installed")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([npm, "pack", f"mathjax@{VERSION}"], cwd=folder, capture_output=True, text=True)
        packed = sorted(Path(folder).glob("*.tgz"))
        if done.returncode or not packed:
            raise RuntimeError(f"MathJax {VERSION} could not be fetched: {problem}; npm: {done.stderr.strip()}")
        return packed[0].read_bytes()


def unpack(data: bytes, folder: Path) -> None:
    """Write the wanted files of the tarball to `folder`, all of them or none."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive.getmembers():
            inside = member.name.removeprefix("package/es5/")
            if member.isfile() and inside.startswith(WANTED):
                target = partial / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.extractfile(member).read())
            elif member.name == "package/LICENSE":
                partial.mkdir(parents=True, exist_ok=True)
                (partial / "LICENSE").write_bytes(archive.extractfile(member).read())
    (partial / "VERSION").write_text(VERSION + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def vendor(folder: Path) -> None:
    """Fill `folder` with MathJax; a second call needs no network."""
    stamp = folder / "VERSION"
    if not stamp.is_file() or stamp.read_text().strip() != VERSION:
        folder.parent.mkdir(parents=True, exist_ok=True)
        unpack(fetch(), folder)


if __name__ == "__main__":
    try:
        vendor(Path(sys.argv[1]))
    except RuntimeError as problem:
        sys.exit(f"book: {problem}")

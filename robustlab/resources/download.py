"""Download a file, continue where an earlier attempt stopped, and check what came."""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

CHUNK = 1 << 18
TIMEOUT = 30  # seconds without a byte

Progress = Callable[[int, int | None], None]


class _Begun(NamedTuple):
    """An answer that is being read: from which byte on, and how many bytes the file has in all."""

    stream: http.client.HTTPResponse
    start: int
    total: int | None


def download(url: str, target: Path, *, sha256: str = "", progress: Progress | None = None) -> Path:
    """Download a file.

    What comes is kept in `target` with `.part` after its name, and becomes `target` when it is whole and checked: a
    file of that name is always a good one. What an interrupted download leaves is continued from.

    Args:
        url: Its address.
        target: The file to make.
        sha256: What it must hash to; empty where that is not known.
        progress: Is told how many bytes are there, and how many there will be if the server says so.
    Raises:
        ConnectionError: If the server cannot be reached, refuses, or stops half way.
        ValueError: If the file has another hash; it is not kept.
        OSError: If the disk is full.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part, mark = target.with_name(f"{target.name}.part"), target.with_name(f"{target.name}.part.etag")
    begun = _begin(url, part, mark)
    if begun is not None:
        with begun.stream:
            _room(target, begun)
            _receive(url, begun, part, progress)
    if sha256 and (got := _hash(part)) != sha256:
        part.unlink()
        mark.unlink(missing_ok=True)
        raise ValueError(
            f"{url}: expected sha256 {sha256}, got {got}; it was not kept. The file at the source has changed, or "
            "something between here and there alters it: try again, and report it if it stays"
        )
    os.replace(part, target)
    mark.unlink(missing_ok=True)
    return target


def _begin(url: str, part: Path, mark: Path) -> _Begun | None:
    """Ask for the rest of a file, or for all of it; None where the part is already whole."""
    held = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "robustlab"}
    if held:
        headers["Range"] = f"bytes={held}-"
        if mark.exists():  # a server whose file has changed since then sends all of it
            headers["If-Range"] = mark.read_text()
    try:
        stream = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416 and held:
            if error.headers.get("Content-Range", "").endswith(f"/{held}"):
                return None
            part.unlink()  # it is longer than the file: begin anew
            return _begin(url, part, mark)
        raise ConnectionError(f"{url}: the server answered {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionError(_unreachable(url, error)) from error
    start = _start(stream)
    length = stream.headers.get("Content-Length")
    if (tag := stream.headers.get("ETag")) and not tag.startswith("W/"):
        mark.write_text(tag)
    return _Begun(stream, start, start + int(length) if length else None)


def _start(stream: http.client.HTTPResponse) -> int:
    """From which byte on the server sends: 0 where it knows no ranges."""
    if stream.status != 206:
        return 0
    told = re.match(r"bytes (\d+)-", stream.headers.get("Content-Range", ""))
    return int(told[1]) if told else 0


def _room(target: Path, begun: _Begun) -> None:
    needed, free = (begun.total or 0) - begun.start, shutil.disk_usage(target.parent).free
    if needed > free:
        raise _full(target, f"{needed / 1e6:.0f} MB to come, {free / 1e6:.0f} MB free")


def _receive(url: str, begun: _Begun, part: Path, progress: Progress | None) -> None:
    there = begun.start
    with part.open("r+b" if there else "wb") as file:
        file.seek(there)
        while chunk := _read(url, begun.stream, there):
            _write(file, chunk, part)
            there += len(chunk)
            if progress is not None:
                progress(there, begun.total)
    if begun.total is not None and there < begun.total:
        raise ConnectionError(_stopped(url, there))


def _read(url: str, stream: IO[bytes], there: int) -> bytes:
    try:
        return stream.read(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionError(_stopped(url, there)) from error


def _write(file: IO[bytes], chunk: bytes, part: Path) -> None:
    try:
        file.write(chunk)
        file.flush()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise _full(part, "what came is kept") from error


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _full(path: Path, how: str) -> OSError:
    return OSError(f"no space left for {path} ({how}): free some and give the same command again")


def _stopped(url: str, there: int) -> str:
    return f"{url}: stopped after {there} bytes, which are kept; give the same command again to go on from there"


def _unreachable(url: str, error: Exception) -> str:
    cause = getattr(error, "reason", error)
    return f"cannot reach {url} ({cause}): is this machine offline? Fetch it on another one and copy it here"

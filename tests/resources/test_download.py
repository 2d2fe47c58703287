"""Downloads from a server on this machine: whole and checked, or not there at all; and continued, not begun anew."""

import errno
import hashlib
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from robustlab.resources import download as module
from robustlab.resources.download import download

CONTENT = random.Random(0).randbytes(3 * module.CHUNK + 17)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_a_file_arrives_and_is_checked(server, tmp_path):
    told = []
    url = server.url("file", CONTENT)
    got = download(url, tmp_path / "new" / "file", sha256=SHA256, progress=lambda *step: told.append(step))
    assert got.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert os.listdir(tmp_path / "new") == ["file"]


def test_what_stopped_half_way_goes_on_from_there(server, tmp_path):
    url, target = server.url("file", CONTENT), tmp_path / "file"
    server.cut = 1000
    with pytest.raises(ConnectionError, match="stopped after 1000 bytes, which are kept; give the same command again"):
        download(url, target, sha256=SHA256)
    assert not target.exists()
    server.cut = 500
    with pytest.raises(ConnectionError, match="stopped after 1500 bytes"):
        download(url, target, sha256=SHA256)
    server.cut = None
    assert download(url, target, sha256=SHA256).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=1000-", "bytes=1500-"]
    assert os.listdir(tmp_path) == ["file"]


def test_a_download_that_is_killed_goes_on_too(server, tmp_path):
    url, target, part = server.url("file", CONTENT), tmp_path / "file", tmp_path / "file.part"
    server.cut, server.stalled = 2 * module.CHUNK, threading.Event()
    code = (
        f"from pathlib import Path; from robustlab.resources.download import download; download({url!r}, Path('file'))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[2])}
    running = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment)
    deadline = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size == server.cut) and time.monotonic() < deadline:
        time.sleep(0.01)
    running.kill()
    running.wait()
    server.stalled.set()
    assert part.stat().st_size == server.cut
    server.cut = None
    assert download(url, target, sha256=SHA256).read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={2 * module.CHUNK}-"]
    assert os.listdir(tmp_path) == ["file"]


def test_a_server_without_ranges_sends_all_again(server, tmp_path):
    url, target = server.url("file", CONTENT), tmp_path / "file"
    server.cut, server.ranges = 1000, False
    with pytest.raises(ConnectionError):
        download(url, target)
    server.cut = None
    assert download(url, target, sha256=SHA256).read_bytes() == CONTENT


def test_two_versions_of_a_file_are_not_mixed(server, tmp_path):
    target = tmp_path / "file"
    server.cut = 1000
    with pytest.raises(ConnectionError):
        download(server.url("file", CONTENT), target)
    changed = CONTENT[::-1]
    server.cut, server.etag = None, '"2"'
    assert download(server.url("file", changed), target).read_bytes() == changed


def test_a_part_that_is_whole_needs_no_more(server, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT)
    assert download(server.url("file", CONTENT), tmp_path / "file", sha256=SHA256).read_bytes() == CONTENT


def test_a_part_that_is_too_long_is_begun_anew(server, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT + b"more")
    assert download(server.url("file", CONTENT), tmp_path / "file", sha256=SHA256).read_bytes() == CONTENT


def test_another_hash_is_refused_and_nothing_is_kept(server, tmp_path):
    url = server.url("file", CONTENT[:-1] + b"!")
    with pytest.raises(ValueError, match=f"expected sha256 {SHA256}, got [0-9a-f]{{64}}; it was not kept"):
        download(url, tmp_path / "file", sha256=SHA256)
    assert os.listdir(tmp_path) == []


def test_what_the_server_lacks_is_named(server, tmp_path):
    with pytest.raises(ConnectionError, match=f"{server.address}/none: the server answered 404 Not Found"):
        download(f"{server.address}/none", tmp_path / "file")


def test_offline_says_so(tmp_path):
    with socket.socket() as closed:  # bound and not listening: nobody answers there
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/file"
        with pytest.raises(ConnectionError, match=f"cannot reach {url} .*is this machine offline"):
            download(url, tmp_path / "file")


def test_too_little_space_is_seen_before(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(OSError, match="no space left for .*file .1 MB to come, 0 MB free.: free some"):
        download(server.url("file", CONTENT), tmp_path / "file")


def test_a_disk_that_fills_up_keeps_what_came(server, tmp_path, monkeypatch):
    url, write = server.url("file", CONTENT), module._write

    class Full:
        def write(self, chunk: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    def fill_up(file, chunk, part):
        write(file if file.tell() == 0 else Full(), chunk, part)

    monkeypatch.setattr(module, "_write", fill_up)
    with pytest.raises(OSError, match="no space left for .*what came is kept"):
        download(url, tmp_path / "file", sha256=SHA256)
    assert (tmp_path / "file.part").stat().st_size == module.CHUNK
    monkeypatch.setattr(module, "_write", write)
    assert download(url, tmp_path / "file", sha256=SHA256).read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={module.CHUNK}-"]

"""Machines that hold nothing, made-up WordNets, and a server on this machine that can stop half way."""

import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from robustlab.resources import places

Place = Callable[..., Path]


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that holds nothing, with all variables pointing away from this machine's own."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("ROBUSTLAB_DATA", "NLTK_DATA", "TFHUB_CACHE_DIR", "TA_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setattr(places.sys, "prefix", str(home / "prefix"))
    monkeypatch.setattr(places, "SYSTEM", ())
    monkeypatch.setattr(places.tempfile, "gettempdir", lambda: str(home / "tmp"))
    monkeypatch.setattr("huggingface_hub.file_download.constants.HF_HUB_CACHE", str(home / "hub"))
    return home


@pytest.fixture
def place() -> Place:
    """Write files into a folder, or into a zip as NLTK's are."""

    def write(path: Path, files: dict[str, str]) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".zip":
            with zipfile.ZipFile(path, "w") as archive:
                for name, text in files.items():
                    archive.writestr(f"{path.stem}/{name}", text)
            return path
        for name, text in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(text)
        return path

    return write


class Server:
    """Serves bytes by path: `ranges` says whether it knows ranges, `cut` after how many bytes it stops.

    It then hangs up, or stalls until it is told to.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.etag: str | None = '"1"'
        self.cut: int | None = None
        self.stalled: threading.Event | None = None
        self.ranges = True
        self.asked: list[str | None] = []
        self.address = ""

    def url(self, name: str, content: bytes) -> str:
        self.files[f"/{name}"] = content
        return f"{self.address}/{name}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.headers.get("Range"))
        content = self.files.get(handler.path.partition("?")[0])
        if content is None:
            handler.send_error(404)
            return
        wanted = handler.headers.get("Range") if self.ranges else None
        if handler.headers.get("If-Range", self.etag) != self.etag:
            wanted = None
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if start >= len(content) and wanted:
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(content)}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(206 if wanted else 200)
        if wanted:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if self.etag:
            handler.send_header("ETag", self.etag)
        handler.send_header("Content-Length", str(len(content) - start))
        handler.end_headers()
        body = content[start:]
        handler.wfile.write(body if self.cut is None else body[: self.cut])
        if self.stalled is not None:
            self.stalled.wait(20)


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    listening.shutdown()
    thread.join()
    listening.server_close()

"""What a folder, a zip of a folder or a file holds, read the same way."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class Contents:
    """The files at a place; a zip of NLTK's holds one folder, which bears its name."""

    def __init__(self, path: Path) -> None:
        """Look at a place, which may be empty."""
        self.path = path
        self.zipped = path.suffix == ".zip" and path.is_file()

    def holds(self, files: tuple[str, ...]) -> bool:
        """Whether all of these files are there; a broken zip holds nothing."""
        if not self.zipped:
            return self.path.is_file() if not files else all((self.path / file).is_file() for file in files)
        try:
            with zipfile.ZipFile(self.path) as archive:
                return {f"{self.path.stem}/{file}" for file in files} <= set(archive.namelist())
        except (zipfile.BadZipFile, OSError):
            return False

    @contextmanager
    def open(self, file: str) -> Iterator[IO[bytes]]:
        """Open one of the files to read its bytes; the empty name is the place itself, where that is a file."""
        if not self.zipped or not file:
            with (self.path / file if file else self.path).open("rb") as stream:
                yield stream
            return
        with zipfile.ZipFile(self.path) as archive, archive.open(f"{self.path.stem}/{file}") as stream:
            yield stream

    def text(self, file: str, *, most: int) -> str:
        """The beginning of a file as text, empty where there is no such file."""
        if not self.holds((file,)):
            return ""
        with self.open(file) as stream:
            return stream.read(most).decode("utf-8", errors="replace")

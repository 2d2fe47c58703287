"""Unpack an archive into a folder that is there whole or not at all."""

from __future__ import annotations

import os
import tarfile
import tempfile
import zipfile
from pathlib import Path


def unpack(archive: Path, target: Path, files: tuple[str, ...]) -> Path:
    """Unpack a zip or a tar archive, and take of it the folder that holds certain files; the archive is removed.

    Args:
        archive: The archive.
        target: The folder to make.
        files: What has to be in it.
    Raises: ValueError: If it is no archive, is broken, or does not hold the files.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as made:
        try:
            _extract(archive, Path(made))
        except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
            archive.unlink()
            cause = str(error).partition("\n")[0].rstrip(":")  # tarfile goes on to say all that it tried
            raise ValueError(f"{archive.name} is broken ({cause}) and was removed: fetch it again") from error
        tops = sorted({path.parent for path in Path(made).rglob(files[0])})
        whole = [folder for folder in tops if all((folder / file).exists() for file in files)]
        if not whole:
            archive.unlink()
            raise ValueError(f"{archive.name} holds no folder with {', '.join(files)} and was removed: has it changed?")
        if whole[0] == Path(made):
            os.chmod(made, 0o755)  # temporary folders are private
        os.replace(whole[0], target)
        Path(made).mkdir(exist_ok=True)  # for the context to remove
    archive.unlink()
    return target


def _extract(archive: Path, folder: Path) -> None:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)  # which keeps names inside the folder
        return
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")

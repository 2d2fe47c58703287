"""Take the README's picture from the first chapter, so that it shows what the chapter shows."""

import base64
import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
CHAPTER = ROOT / "notebooks" / "foundations" / "why_robustness.ipynb"
PICTURE = ROOT / "book" / "_static" / "readme.svg"
CALL = "draw_plane("


def picture() -> bytes:
    """The figure that the chapter draws with `draw_plane`.

    Raises: SystemExit: If the chapter has none.
    """
    for cell in nbformat.read(CHAPTER, as_version=4).cells:
        if cell.cell_type == "code" and CALL in cell.source:
            for output in cell.outputs:
                found = re.search(r"data:image/svg\+xml;base64,([^\"]+)", output.get("data", {}).get("text/html", ""))
                if found:
                    return base64.b64decode(found.group(1))
    raise SystemExit(f"{CHAPTER.name} has no figure made by {CALL}…)")


if __name__ == "__main__":
    PICTURE.write_bytes(picture())
    print(f"refresh: wrote {PICTURE.relative_to(ROOT)}")

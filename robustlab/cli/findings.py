"""What `robustlab doctor` reports, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "missing", "note"]


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was looked for, whether it is there, what was found, and what to do."""

    what: str
    state: State
    found: str
    advice: str = ""

"""All studies: what each one shows, and its grid at each profile."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from robustlab.study.engine.grid import Study

_ALL: tuple[Study, ...] = ()
STUDIES: Mapping[str, Study] = MappingProxyType({study.name: study for study in _ALL})

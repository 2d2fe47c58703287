"""The type checker that tests/conftest.py puts on the core."""

from beartype import BeartypeConf, beartype

# An int where a float is asked for is what everybody writes, and what PEP 484 means.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))

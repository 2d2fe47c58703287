"""What word-level attacks read besides a model and its data: word vectors, sentence encoders, WordNets, word lists.

Each resource has a name, a version, a licence and a source, listed in `resources.toml`. `find` looks for it and never
downloads; `require` says in one error what is missing and how to get it; `fetch`, which `robustlab prefetch` calls, is
the only thing here that downloads. `fingerprint` says what was found, wherever it lies, for the records of a run.
"""

from robustlab.resources.catalogue import Resource, describe, names
from robustlab.resources.fetching import fetch
from robustlab.resources.finding import MissingResourceError, find, require
from robustlab.resources.fingerprints import fingerprint
from robustlab.resources.places import packaged
from robustlab.resources.recipes import avoided_by, needs, recipes

__all__ = [
    "MissingResourceError",
    "Resource",
    "avoided_by",
    "describe",
    "fetch",
    "find",
    "fingerprint",
    "names",
    "needs",
    "packaged",
    "recipes",
    "require",
]

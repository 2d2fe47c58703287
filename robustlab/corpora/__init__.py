"""Corpora: one loader for local files, the hub and built-in generators, with the same columns from each."""

from robustlab.corpora.catalogue import Corpus, Hub, describe, names
from robustlab.corpora.loading import load
from robustlab.corpora.splitting import hold_out
from robustlab.corpora.table import load_table

__all__ = ["Corpus", "Hub", "describe", "hold_out", "load", "load_table", "names"]

"""What the papers say: their references, and the numbers that the adaptive-training paper (AAT) reports.

Data and readers for it; nothing here computes anything.
"""

from robustlab.papers.adaptive import TABLES, reported, table
from robustlab.papers.bibliography import AAT, PAPERS, bibtex, entries

__all__ = ["AAT", "PAPERS", "TABLES", "bibtex", "entries", "reported", "table"]

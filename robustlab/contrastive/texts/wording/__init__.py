"""The words of a sentence: where they stand, what negates them, what may replace them, how else they are written."""

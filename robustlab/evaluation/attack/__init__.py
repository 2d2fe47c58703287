"""Attacks on words: who is attacked, by which recipe, with which resources, and what came of it."""

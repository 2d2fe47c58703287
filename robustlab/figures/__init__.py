"""Figures that read the same on a light page, a dark page and a phone.

`robustlab.figures.style` fixes the look: one colour and one marker per method throughout the book, and `show`, which
displays a figure with its alternative text. Drawing functions of one subject live in a module of their own beside it.
"""

from robustlab.figures.style import INK, PAIR, colour, marker, save, show, use

__all__ = ["INK", "PAIR", "colour", "marker", "save", "show", "use"]

"""What robustlab puts into TextAttack's recipes. Importing this package imports TextAttack."""

from functools import lru_cache

from robustlab.evaluation.attack.importing import textattack

LONGEST_WORD = 40  # characters; whole texts are not worth remembering
REMEMBERED = 2**16

texts = textattack().shared.attacked_text
# TextAttack joins the texts of a pair by "<SPLIT>" and takes them apart there, which breaks on a text that holds it.
texts.AttackedText.SPLIT_TOKEN = "\ue000"  # of Unicode's private use: no word holds it

# For every candidate it takes every word of the text apart again, which in long texts is most of its time.
_genuine = texts.words_from_text
_word = lru_cache(REMEMBERED)(lambda word: tuple(_genuine(word)))


def _words_from_text(text: str, words_to_ignore: tuple[str, ...] = ()) -> list[str]:
    short = len(text) <= LONGEST_WORD and not words_to_ignore
    return list(_word(text)) if short else _genuine(text, list(words_to_ignore))


texts.words_from_text = _words_from_text

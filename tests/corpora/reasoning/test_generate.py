import hashlib
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest

from robustlab.corpora.documents import TASKS, Document
from robustlab.corpora.reasoning import generate, load, solve
from robustlab.corpora.reasoning.generate import SIZES
from robustlab.corpora.reasoning.grammar import Reading, read
from robustlab.corpora.reasoning.lexicon import FILLER_WORDS, FILLERS, KINDS, RECORDS

DIGEST = "50afaeb05da093be"
PRINT_DIGEST = """
import hashlib
from robustlab.corpora.reasoning import generate
print(hashlib.blake2b(repr(generate(40, seed=1)).encode(), digest_size=8).hexdigest())
"""


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return generate(2000, seed=0)


@pytest.mark.parametrize("sentences", [4, 12, (8, 96), 400])
def test_the_solver_agrees_with_the_generator(sentences: int | tuple[int, int]) -> None:
    for document in generate(200, seed=3, sentences=sentences):
        solution = solve(document)
        assert (solution.answer, solution.gold) == (document.answer, document.gold)


def test_gold_sentences_suffice_and_are_all_needed(documents: list[Document]) -> None:
    for document in documents:
        assert (solve(document).answer, solve(document).gold) == (document.answer, document.gold)
        rules = tuple(sentence for sentence in document.sentences if read(sentence).rule)
        gold = tuple(document.sentences[index] for index in document.gold)
        alone = replace(document, sentences=gold + rules, paragraphs=(len(gold + rules),), gold=())
        assert solve(alone).answer == document.answer
        for index in document.gold:
            left = document.sentences[:index] + document.sentences[index + 1 :]
            with pytest.raises(ValueError, match="no answer"):
                solve(replace(document, sentences=left, paragraphs=(len(left),), gold=()))


def test_documents_are_the_same_in_every_process() -> None:
    # Whoever changes this value changes every recorded result.
    assert hashlib.blake2b(repr(generate(40, seed=1)).encode(), digest_size=8).hexdigest() == DIGEST
    # Another process with other hashes of strings, so that an order taken from a set would show.
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", PRINT_DIGEST]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == DIGEST


def test_a_document_depends_on_its_own_number_alone() -> None:
    assert generate(3, seed=5, first=7) == generate(10, seed=5)[7:]
    assert generate(1, seed=5) != generate(1, seed=6)


def test_splits_share_no_document() -> None:
    texts = [{document.text for document in load(split, 200, sentences=4)} for split in SIZES]
    assert all(len(split) == 200 for split in texts)
    assert len(set.union(*texts)) == 600
    assert len(load("dev", sentences=4)) == SIZES["dev"]


def test_tasks_take_turns_and_lengths_stay_within_their_bounds(documents: list[Document]) -> None:
    assert [document.task for document in documents[:8]] == [*TASKS, *TASKS]
    assert {len(document.sentences) for document in documents} == {48}
    sizes = {len(document.sentences) for document in generate(200, sentences=(4, 7))}
    assert sizes == {4, 5, 6, 7}
    assert len(generate(2, sentences=2, tasks=("knowledge", "explanation"))[1].sentences) == 2


def test_the_chain_ends_in_the_answer(documents: list[Document]) -> None:
    for document in documents[:200]:
        assert document.chain[-1] == f"The answer is {document.answer}."
        assert len(document.chain) == 1 + len(document.gold)


def test_each_step_of_a_chain_begins_with_what_is_known(documents: list[Document]) -> None:
    for document in documents[:400]:
        known = document.instruction
        for step in document.chain[:-1]:
            names = [word.strip(".,") for word in step.split() if word.strip(".,") in KINDS]
            assert names[0] in known
            assert names[-1] not in known
            known += " " + step
        assert document.answer.split()[-1] in known


def test_no_word_of_a_filler_can_be_an_answer(documents: list[Document]) -> None:
    answers = {*KINDS, *RECORDS}
    assert not answers & {word for words in FILLER_WORDS.values() for word in words}
    assert not answers & {word.strip(".{}") for form in FILLERS for word in form.split()}
    for document in documents[:400]:
        silent = [sentence for sentence in document.sentences if read(sentence) == Reading()]
        assert len(silent) > 5
        assert not answers & {word.strip(".,") for sentence in silent for word in sentence.split()}


def candidates(document: Document) -> Counter[str]:
    """How often the text states, of anything, each value of the relation that is asked for last."""
    step = solve(document).steps[-1]
    end = 1 if document.answer.split()[-1] == step.subject else 2
    claims = [reading.claim for sentence in document.sentences if (reading := read(sentence)).claim]
    return Counter(claim[end] for claim in claims if claim.relation == step.relation)


def test_the_answer_is_no_more_frequent_in_its_text_than_its_rivals(documents: list[Document]) -> None:
    excess = []
    for document in documents:
        counts = candidates(document)
        assert len(counts) >= 5
        answer = counts.pop(document.answer.split()[-1])
        excess.append(answer - sum(counts.values()) / len(counts))
    assert abs(sum(excess) / len(excess)) < 0.05


def test_answers_are_balanced(documents: list[Document]) -> None:
    answers = Counter(document.answer for document in generate(2000, tasks=("causal",), sentences=12))
    assert max(answers.values()) < 0.06 * 2000
    assert len(answers) > 15


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "n must be at least 1, got 0"),
        ({"n": 1, "first": -1}, "first must not be negative, got -1"),
        ({"n": 1, "noise": 2.0}, "noise must be a probability, got 2.0"),
        ({"n": 1, "tasks": ("causal", "proof")}, "expected tasks among knowledge.*, got proof"),
        ({"n": 1, "tasks": ()}, "expected tasks among knowledge.*, got none"),
        ({"n": 1, "sentences": (9, 8)}, "sentences must be .least, most., got .9, 8."),
        ({"n": 1, "sentences": 3}, "a document of task causal has at least 4 sentences, got 3"),
        ({"n": 1, "sentences": 1, "tasks": ("knowledge",)}, "a document of task knowledge has at least 2 sentences"),
    ],
)
def test_what_cannot_be_generated_is_refused(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        generate(**options)


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="have the splits train, dev, test, got 'valid'"):
        load("valid")

import hashlib
import itertools
import re
from collections import Counter
from dataclasses import replace

import pytest

from robustlab.corpora.documents import LEVELS, PERTURBATIONS, Change, Document
from robustlab.corpora.reasoning import counterfactual, generate, solve
from robustlab.corpora.reasoning.grammar import read
from robustlab.corpora.reasoning.relations import RULES
from robustlab.corpora.reasoning.solver import solve_text
from robustlab.corpora.reasoning.stream import Stream
from robustlab.text import perturb, variants
from robustlab.text.ambiguity import aside
from robustlab.text.draft import Draft

DIGEST = "160aa103775df10a"
PLACES = ("gold", "anywhere")


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return generate(40, seed=8, sentences=24)


def new(document: Document, variant: Document) -> list[str]:
    """The sentences that the variant has and the document has not."""
    return list((Counter(variant.sentences) - Counter(document.sentences)).elements())


@pytest.mark.parametrize("kind", PERTURBATIONS)
@pytest.mark.parametrize("where", PLACES)
def test_variants_keep_the_answer_and_say_what_was_touched(documents: list[Document], kind: str, where: str) -> None:
    for document, level in itertools.product(documents, LEVELS):
        variant = perturb(document, kind=kind, level=level, draw=1, seed=2, where=where)
        solution = solve(variant)
        assert (solution.answer, solution.gold) == (document.answer, variant.gold)
        assert variant.change == Change(kind, level, 1, 2, variant.change.touched)
        for name in ("instruction", "answer", "chain", "task", "example_id"):
            assert getattr(variant, name) == getattr(document, name)
        touched = set(variant.change.touched)
        untouched = [s for index, s in enumerate(variant.sentences) if index not in touched]
        assert not Counter(untouched) - Counter(document.sentences)
        for index in variant.gold:
            left = [sentence for i, sentence in enumerate(variant.sentences) if i != index]
            with pytest.raises(ValueError, match="no answer"):
                # A rumour about a gold fact would else stand in for it.
                solve_text([s for s in left if not read(s).rumour], variant.instruction)


@pytest.mark.parametrize("sentences", [4, 24, 48])
def test_levels_are_shares_of_the_sentences(sentences: int) -> None:
    for document, (level, share) in itertools.product(generate(12, seed=1, sentences=sentences), LEVELS.items()):
        size = max(1, round(share * sentences))
        made = {kind: perturb(document, kind=kind, level=level) for kind in PERTURBATIONS}
        assert len(made["redundancy"].sentences) == sentences + size
        assert len(made["redundancy"].change.touched) == size
        added = [sentence for sentence in new(document, made["contradiction"]) if sentence not in RULES]
        assert len(added) == size
        assert len(made["connection"].change.touched) == size
        facts = sum(read(s).claim is not None and not read(s).rumour for s in document.sentences)
        blurred = made["ambiguity"]
        rewritten = [s for index in blurred.change.touched if read(s := blurred.sentences[index]).claim]
        assert len(rewritten) == min(size, facts)


def test_things_of_which_no_other_name_is_left_keep_theirs() -> None:
    document = generate(1, sentences=48, first=244)[0]  # its facts are about more people than there are names
    variant = perturb(document, kind="ambiguity", level="extreme", seed=1)
    assert solve(variant).answer == document.answer
    assert len(variant.change.touched) > 10


def test_gold_sentences_lose_the_name_that_is_looked_for(documents: list[Document]) -> None:
    plain = 0
    for document, draw in itertools.product(documents, range(4)):
        variant = perturb(document, kind="ambiguity", draw=draw)
        steps = solve(document).steps
        backwards = steps[0].value in document.instruction
        for step in steps:
            key = step.value if backwards and step.relation == "cause" else step.subject
            stated = [reading for s in variant.sentences if (reading := read(s)).claim and not reading.rumour]
            calls = [r.claim for r in stated if r.claim.relation == step.relation and key in r.claim[1:]]
            same_value = [claim for claim in calls if {step.subject, step.value} <= set(claim)]
            plain += bool(same_value)
    # Some keep it and only mention the other name.
    assert 0 < plain < 0.3 * len(documents) * 4 * 1.5


def test_rumours_deny_the_gold_facts(documents: list[Document]) -> None:
    for document in documents:
        if document.task == "explanation":
            # It asks for a record, which a rumour is not.
            continue
        variant = perturb(document, kind="contradiction", level="hard")
        unranked = [sentence for sentence in variant.sentences if sentence not in RULES]
        with pytest.raises(ValueError, match="more than one answer"):
            solve_text(unranked, variant.instruction)
        assert sum(sentence in RULES for sentence in variant.sentences) == 1


def test_repetition_does_not_repeat_the_gold_facts_or_answer_anew(documents: list[Document]) -> None:
    for document in documents:
        steps = solve(document).steps
        asked = {step.relation for step in steps}
        stated = {reading.claim for s in document.sentences if (reading := read(s)).claim}
        for sentence in new(document, perturb(document, kind="redundancy", level="extreme")):
            claim = read(sentence).claim
            assert claim not in steps
            assert claim in stated or claim.relation not in asked


def test_facts_that_belong_together_are_torn_apart(documents: list[Document]) -> None:
    for document in documents:
        if len(document.gold) < 2:
            continue
        variant = perturb(document, kind="connection", level="easy")
        first, last = variant.gold
        assert last - first >= 0.7 * len(variant.sentences)
        assert not any(read(variant.sentences[index]).connective for index in variant.change.touched)


def test_anywhere_touches_the_gold_sentences_as_often_as_others(documents: list[Document]) -> None:
    def share(where: str) -> float:
        made = [perturb(d, kind="connection", where=where, draw=draw) for d in documents for draw in range(6)]
        return sum(index in m.change.touched for m in made for index in m.gold) / sum(len(m.gold) for m in made)

    assert share("gold") == 1
    assert abs(share("anywhere") - LEVELS["medium"]) < 0.06


def test_variants_are_the_same_everywhere_and_draws_differ(documents: list[Document]) -> None:
    made = [v for document in documents[:8] for v in variants(document, levels=tuple(LEVELS), draws=2)]
    assert hashlib.blake2b(repr(made).encode(), digest_size=8).hexdigest() == DIGEST
    assert len(made) == 8 * 4 * 4 * 2
    # Two draws may by chance move the same sentences alike, and no more than a few do.
    assert len({variant.text for variant in made}) > 0.95 * len(made)
    assert [variant.change[:3] for variant in made[:3]] == [
        ("ambiguity", "easy", 0),
        ("ambiguity", "easy", 1),
        ("ambiguity", "medium", 0),
    ]


def test_variants_can_be_disturbed_and_turned_around_again(documents: list[Document]) -> None:
    for document in documents[:20]:
        variant = document
        for kind in (*PERTURBATIONS, *PERTURBATIONS):
            variant = perturb(variant, kind=kind, level="easy")
            assert solve(variant).answer == document.answer
        other = counterfactual(variant)
        assert solve(other).answer == other.answer != document.answer


def test_a_variant_with_another_answer_is_refused(documents: list[Document]) -> None:
    draft = Draft(documents[0], Stream("test"))
    other = counterfactual(documents[0])
    for line, sentence in zip(draft.lines, other.sentences, strict=True):
        line.text = sentence
    with pytest.raises(ValueError, match=f"after ambiguity the text says '{other.answer}' instead of"):
        draft.finish("ambiguity", "easy", 0, 0)


def test_documents_use_every_word_that_perturbations_use(documents: list[Document]) -> None:
    def words(some: list[Document]) -> set[str]:
        return {word for document in some for word in re.findall(r"\w+|[^\w\s]", document.text)}

    known = words(generate(1000, seed=5))
    for document in documents[:10]:
        assert words(variants(document, levels=("extreme",), draws=2)) <= known


def test_a_name_is_mentioned_beside_another_wherever_it_stands() -> None:
    assert aside("Hugo rules Mirel.", "Mirel", "New Torva") == "Hugo rules Mirel, also called New Torva."
    assert aside("The famine caused the war.", "famine", "Scourge") == (
        "The famine, also called the Scourge, caused the war."
    )
    assert aside("The war followed from the famine.", "famine", "second riot") == (
        "The war followed from the famine, also called the second riot."
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "noise"}, "kind must be one of ambiguity, redundancy, connection, contradiction, got 'noise'"),
        ({"kind": "ambiguity", "level": "low"}, "level must be one of easy, medium, hard, extreme, got 'low'"),
        ({"kind": "ambiguity", "where": "end"}, "where must be one of gold, anywhere, got 'end'"),
        ({"kind": "ambiguity", "draw": -1}, "draw must not be negative, got -1"),
    ],
)
def test_unknown_options_are_refused(documents: list[Document], options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        perturb(documents[0], **options)


def test_documents_that_do_not_hold_their_answer_are_refused(documents: list[Document]) -> None:
    with pytest.raises(ValueError, match="document 0 says that its answer is 'nowhere', and its text says"):
        perturb(replace(documents[0], answer="nowhere"), kind="ambiguity")
    strange = replace(documents[0], instruction="Who wrote this?")
    with pytest.raises(ValueError, match="document 0: expected an instruction of the generated documents"):
        perturb(strange, kind="ambiguity")
    with pytest.raises(ValueError, match="draws must be at least 1, got 0"):
        variants(documents[0], draws=0)

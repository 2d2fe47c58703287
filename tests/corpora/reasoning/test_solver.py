import pytest

from robustlab.corpora.documents import Document
from robustlab.corpora.reasoning import agreeing, conflicts, generate, solve
from robustlab.corpora.reasoning.solver import solve_text
from robustlab.text import perturb

RULE = "Records and plain statements outrank rumours."
GUILDS = ["Lena belongs to the Amber guild.", "Hugo leads the Amber guild.", "Mara is a member of the Jade guild."]


@pytest.mark.parametrize(
    ("sentences", "instruction", "answer", "gold"),
    [
        (GUILDS, "Who leads the guild that Lena belongs to?", "Hugo", (0, 1)),
        (["A storm came.", "The home of Lena is in Mirel."], "Where does Lena live?", "Mirel", (1,)),
        # A byname leads from the question to the fact, and belongs to the evidence.
        (["Fox lives in Mirel.", "Lena is also called Fox."], "Where does Lena live?", "Mirel", (0, 1)),
        # Young Mara is not Mara.
        (
            ["Young Mara lives in Mirel.", "Lena is also called Young Mara.", "Mara lives in Torva."],
            "Where does Mara live?",
            "Torva",
            (2,),
        ),
        # Under the rule a rumour yields to a statement, and counts where there is none.
        (
            ["Rumour has it that Lena lives in Torva.", "Lena lives in Mirel.", RULE],
            "Where does Lena live?",
            "Mirel",
            (1,),
        ),
        (["Rumour has it that Lena lives in Torva.", RULE], "Where does Lena live?", "Torva", (0,)),
        # What a record says is the evidence, not what is plainly said beside it.
        (
            ["Lena lives in Mirel.", "The diary says that Lena lives in Mirel."],
            "Which record tells where Lena lives, and what does it say?",
            "diary Mirel",
            (1,),
        ),
        (
            ["The war followed from the famine.", "The drought caused the famine.", "The war led to the exodus."],
            "What did the drought lead to, two steps on?",
            "war",
            (0, 1),
        ),
        (
            ["The war followed from the famine.", "The drought caused the famine.", "The war led to the exodus."],
            "From what did the exodus come, two steps back?",
            "famine",
            (0, 2),
        ),
    ],
)
def test_answers_worked_out_by_hand(sentences: list[str], instruction: str, answer: str, gold: tuple[int, ...]) -> None:
    solution = solve_text(sentences, instruction)
    assert (solution.answer, solution.gold) == (answer, gold)


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        (["Mara lives in Torva."], "no answer: no sentence states the home of Lena"),
        (["Fox lives in Mirel."], "no answer: no sentence states the home of Lena"),
        (["Lena lives in Mirel.", "Lena lives in Torva."], "give the home of Lena as Mirel, Torva"),
        # Nothing says that rumours count for less.
        (["Lena lives in Mirel.", "Some whisper that Lena lives in Torva."], "more than one answer"),
        (["Lena is also called Fox.", "Mara is also called Fox."], "Fox is a byname of Lena and of Mara"),
    ],
)
def test_texts_without_exactly_one_answer_are_refused(sentences: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        solve_text(sentences, "Where does Lena live?")


def test_the_document_is_named() -> None:
    document = Document(
        sentences=("Mara lives in Torva.",),
        paragraphs=(1,),
        instruction="Where does Lena live?",
        answer="Mirel",
        task="knowledge",
        example_id=17,
    )
    with pytest.raises(ValueError, match="document 17: no answer"):
        solve(document)


def told(*sentences: str) -> Document:
    return Document(
        sentences=sentences, paragraphs=(len(sentences),), instruction="?", answer="x", task="t", example_id=7
    )


def test_conflicts_are_two_values_of_one_thing() -> None:
    document = told(
        "Lena lives in Mirel.",
        "To say it again, the home of Lena is in Mirel.",
        "Rumour has it that Lena lives in Corvin.",
        "Hugo lives in Mirel.",
        "Lena works as a fisher.",
        "Some whisper that Lena has a house in Jarvik.",
        "The rain came early.",
    )
    assert conflicts(document) == ((0, 2), (0, 5), (1, 2), (1, 5), (2, 5))
    assert agreeing(document) == ((0, 1), (0, 3), (1, 3), (2, 3), (3, 5))


def test_conflicts_know_bynames_and_that_a_cause_is_one() -> None:
    document = told(
        "Lena lives in Mirel.",
        "Lena is also called Fox.",
        "It is rumoured that Fox lives in Corvin.",
        "The flood caused the famine.",
        "Rumour has it that the war led to the famine.",
        "The famine caused the war.",
    )
    assert conflicts(document) == ((0, 2), (3, 4))
    assert agreeing(document) == ((3, 5), (4, 5))


def test_a_contradiction_adds_conflicts_and_a_connection_none() -> None:
    for document in generate(8, sentences=24, seed=1, tasks=("knowledge", "structured")):
        before = conflicts(document)
        assert len(conflicts(perturb(document, kind="connection"))) == len(before)
        denied = perturb(document, kind="contradiction", level="hard")
        found = conflicts(denied)
        assert len(found) >= len(before) + 5
        touched = set(denied.change.touched)
        assert len(touched & {i for pair in found for i in pair}) >= len(touched) - 1  # all rumours, not the rule


def test_a_byname_of_two_names_has_no_conflicts() -> None:
    with pytest.raises(ValueError, match="document 7: more than one answer: Fox is a byname of Lena and of Hugo"):
        conflicts(told("Lena is also called Fox.", "Hugo is also called Fox."))

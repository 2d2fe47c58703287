"""Unlabelled texts from files and corpora, in sentences, numbered without gaps."""

import gzip
import json

import pytest

from robustlab.contrastive.texts.corpus import Text, read_texts
from robustlab.corpora import reviews
from robustlab.corpora.reasoning import generate


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_a_text_file_has_a_document_between_blank_lines(tmp_path):
    path = write(tmp_path / "own.txt", "It is late. It\nis dark.\n \n\n  One more.\n\nit is LATE; it is dark\n")
    assert read_texts([path]) == [
        Text(0, ("It is late.", "It is dark."), str(path)),
        Text(1, ("One more.",), str(path)),  # the third differs from the first in punctuation and case only
    ]
    assert read_texts([path])[0].text == "It is late. It is dark."


@pytest.mark.parametrize("name", ["own.jsonl", "own.jsonl.gz", "own.csv", "own.tsv"])
def test_tables_have_a_column_of_texts(name, tmp_path):
    rows = [{"body": "One. Two.", "n": 1}, {"body": " ", "n": 2}, {"body": "Three.", "n": 3}]
    mark = "\t" if name.endswith("tsv") else ","
    table = f"body{mark}n\n" + "".join(f"{row['body']}{mark}{row['n']}\n" for row in rows)
    path = write(tmp_path / name, lines(*rows) if "jsonl" in name else table)
    assert [text.sentences for text in read_texts([path], column="body")] == [("One.", "Two."), ("Three.",)]
    with pytest.raises(ValueError, match=r"own\..*expected a column 'text', got body, n"):
        read_texts([path])


def test_reviews_are_split_at_their_full_stops():
    texts = read_texts(["reviews"], split="dev")
    made = [reviews.review("dev", number).text for number in range(500)]
    assert {text.text for text in texts} == set(made)
    assert [text.example_id for text in texts] == list(range(len(texts)))
    assert {len(text.sentences) for text in texts} == {1, 2}
    assert all(sentence.endswith(" .") for text in texts for sentence in text.sentences)


def test_documents_keep_their_sentences_and_sources_their_order(tmp_path):
    path = write(tmp_path / "own.txt", "First of all. Here.")
    texts = read_texts([path, "reasoning"], split="dev", limit=3)
    assert [text.source for text in texts] == [str(path), *["reasoning"] * 3]
    assert [text.sentences for text in texts[1:]] == [d.sentences for d in generate(3, split="dev")]
    assert [text.example_id for text in texts] == [0, 1, 2, 3]


def test_local_corpora_are_read_with_both_texts_of_a_pair(tmp_path):
    row = {"text": "Who came?", "text_pair": "Ada came. Bo left.", "label": 0}
    write(tmp_path / "qnli" / "train.jsonl.gz", lines(row))
    assert [text.sentences for text in read_texts(["qnli"], folder=tmp_path)] == [
        ("Who came?",),
        ("Ada came.", "Bo left."),
    ]
    assert [text.sentences for text in read_texts(["qnli"], folder=tmp_path, least_sentences=2)] == [
        ("Ada came.", "Bo left.")
    ]


def test_a_limit_holds_for_each_source(tmp_path):
    paths = [write(tmp_path / f"{name}.txt", f"{name} one.\n\n{name} two.\n\n{name} three.") for name in "ab"]
    assert [text.text for text in read_texts(paths, limit=2)] == ["a one.", "a two.", "b one.", "b two."]


@pytest.mark.parametrize(
    ("name", "held", "options", "message"),
    [
        ("own.txt", "\n \n", {}, "holds no text: expected at least one document"),
        ("own.jsonl", "", {}, "holds no text: expected at least one document"),
        ("own.jsonl", '{"text": 3}\n', {}, "line 1: text must be a string, got 3"),
        ("own.jsonl", '{"text": "a"\n', {}, "line 1: expected a JSON object"),
        ("own.md", "a", {}, r"own.md: unknown format; expected one of .txt, .jsonl"),
        ("own.txt", "One.", {"limit": 0}, "limit must be at least 1, got 0"),
        ("own.txt", "One.", {"least_sentences": 0}, "least_sentences must be at least 1, got 0"),
        ("own.txt", "One.", {"least_sentences": 2}, "no text has 2 sentences or more"),
    ],
)
def test_bad_files_are_refused(name, held, options, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        read_texts([write(tmp_path / name, held)], **options)


def test_bad_sources_are_refused(tmp_path):
    with pytest.raises(ValueError, match="advglue-sst2 is for evaluation only"):
        read_texts(["advglue-sst2"])
    with pytest.raises(ValueError, match="unknown corpus 'review': did you mean 'reviews'"):
        read_texts(["review"])
    with pytest.raises(FileNotFoundError, match="no such file: 'nowhere.txt'"):
        read_texts(["nowhere.txt"])
    with pytest.raises(ValueError, match="sources must be a list of files and corpora, got 'reviews'"):
        read_texts("reviews")
    (tmp_path / "own.txt").write_bytes("Gr\u00fcn".encode("latin-1"))
    with pytest.raises(ValueError, match=r"own.txt is not UTF-8 text .*: save it as UTF-8"):
        read_texts([tmp_path / "own.txt"])

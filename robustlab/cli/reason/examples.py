"""What the help of the commands about documents shows to begin with: examples to copy."""

SHOW_EXAMPLES = """[bold]Examples[/]

A short generated document, and the same with a potential contradiction near what its answer rests on:

  robustlab reason show --sentences 12

  robustlab reason show --sentences 12 --kind contradiction --level hard

A hundred documents, four variants of each and their counterfactuals, as a file:

  robustlab reason show --out asked.jsonl --n 100 --kind ambiguity --draws 4 --counterfactual
"""
TRAIN_EXAMPLES = """[bold]Examples[/]

A small model from scratch, offline, in a few minutes, told which sentence each step of its reasoning rests upon; then
on with self-constructed negatives:

  robustlab reason train --sentences 12 --steps 600 --output runs/reader

  robustlab reason train --model runs/reader --method self-negative --kappa .25 --sentences 12 --examples 6400

What would it cost, and with what values?

  robustlab reason train --model recorded --method self-negative --set sensitivity=.5 --dry-run

From the answers alone, which takes much longer:

  robustlab reason train --sentences 12 --method standard --steps 3000

A run was interrupted? Give the same command again, with --resume.
"""
EVALUATE_EXAMPLES = """[bold]Examples[/]

Before anything is trained: the reasoner that the book keeps.

  robustlab reason evaluate --sentences 12 --examples 20 --no-sensitivity

Is it right, does it stay right, and does it notice when the answer changes?

  robustlab reason evaluate --model runs/reader --sentences 12 --examples 100

One kind of variants at two levels, without the latent measure:

  robustlab reason evaluate --model runs/reader --kinds ambiguity --levels easy --levels extreme --no-sensitivity

The documents of a file, with the variants that it holds:

  robustlab reason evaluate --model runs/reader --data asked.jsonl
"""
ASK_EXAMPLES = """[bold]Examples[/]

The reasoner that the book keeps knows the words of generated documents; for other texts, give another model:

  robustlab reason ask --document story.txt --instruction "Who is the head of the Jade guild?"

  robustlab reason ask --model runs/t5 --document report.txt --instruction "Who signed the report?"
"""
STUDY_EXAMPLES = """[bold]Examples[/]

Two methods of the comparison, small:

  robustlab reason study table1 --results rows.jsonl --only standard

  robustlab reason study table1 --results rows.jsonl --only self-negative

The whole of it over three seeds; when it breaks off, the same command goes on:

  robustlab reason study table1 --profile laptop --results rows.jsonl
"""

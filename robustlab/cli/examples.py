"""What the commands' help shows to begin with: examples to copy."""

TRAIN_EXAMPLES = """[bold]Examples[/]

Train a small model on generated reviews, offline, in a minute or two; then adversarially:

  robustlab train --output runs/first

  robustlab train --method pgd --steps 3 --step-size .005 --output runs/robust

What would an adversarial run on SST-2 cost?

  robustlab train --model minilm --data sst2 --method adaptive-pgd --steps 3 --step-size .1 --dry-run

Your own table, with words as labels:

  robustlab train --data tickets.csv --text-column body --label-column team --model roberta-base

A run was interrupted? Give the same command again, with --resume.
"""
EVALUATE_EXAMPLES = """[bold]Examples[/]

Clean and exact worst-case accuracy on generated reviews:

  robustlab evaluate --model runs/first

Natural and attacked sentences, side by side: AdvGLUE's tasks with the model's labels, and a set of your own:

  robustlab evaluate --model runs/sst2 --data sst2 --data advglue --static attacked.csv

Accuracy under a white-box attack, and whether to believe it:

  robustlab evaluate --model runs/first --pgd --radius .5 --checks
"""
PROBE_EXAMPLES = """[bold]Example[/]

  robustlab probe --model runs/first --data reviews --steps 5
"""
COMPARE_EXAMPLES = """[bold]Examples[/]

Is the second model more robust than the first, under the same attack on the same examples?

  robustlab compare runs/standard/attack runs/adversarial/attack

One run was cut short: on the examples that both have

  robustlab compare --common runs/standard/attack runs/adversarial/attack
"""
CITE_EXAMPLES = """[bold]Examples[/]

The papers that two methods come from, each once:

  robustlab cite pgd adaptive-pgd

Into a bibliography of your own; then robustlab itself:

  robustlab cite freelb >> references.bib

  robustlab cite >> references.bib

Which places and values in the papers, too:

  robustlab cite ta-vat --json
"""
PREFETCH_EXAMPLES = """[bold]Examples[/]

What there is, and what of it is here:

  robustlab prefetch --list

All that one recipe reads; an interrupted download goes on where it stopped:

  robustlab prefetch textfooler

One resource:

  robustlab prefetch wordnet
"""

ATTACK_EXAMPLES = """[bold]Examples[/]

The recipe of the paper on 1000 sentences; what it needs comes first:

  robustlab prefetch textfooler

  robustlab attack --model runs/sst2 --data sst2 --recipe textfooler --examples 1000

Without the Universal Sentence Encoder and the word vectors, under another name:

  robustlab attack --model runs/sst2 --data sst2 --recipe textfooler+minilm+neighbours

Nothing at hand but robustlab:

  robustlab attack --model runs/first --recipe textfooler+lexicon+minilm

A run was interrupted? Give the same command again, with --resume.
"""

"""What robustlab puts into TextAttack's recipes. Importing this package imports TextAttack."""

from robustlab.evaluation.attack.importing import textattack

textattack()

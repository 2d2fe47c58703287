"""What robustlab puts into TextAttack's recipes. Importing this package imports TextAttack."""

from robustlab.evaluation.attack.importing import textattack

# TextAttack joins the texts of a pair by "<SPLIT>" and takes them apart there, which breaks on a text that holds it.
textattack().shared.AttackedText.SPLIT_TOKEN = "\ue000"  # of Unicode's private use: no word holds it

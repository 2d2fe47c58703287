"""The command: `robustlab train | pretrain | evaluate | attack | compare | probe | reason | study | methods | …`.

`commands`, `attack_commands` and the `commands` of `pretraining`, `glue`, `reason` and `study` hold the verbs and their
options and import nothing heavy, so that `--help` is quick; each verb's work is in the module of its name.
"""

from robustlab.cli import attack_commands  # adds its verbs to the app
from robustlab.cli.commands import app
from robustlab.cli.glue import commands as glue_commands
from robustlab.cli.pretraining import commands as pretraining_commands
from robustlab.cli.reason import commands as reason_commands
from robustlab.cli.study import commands as study_commands

app.add_typer(reason_commands.app, name="reason")
app.add_typer(study_commands.app, name="study")

__all__ = ["app", "attack_commands", "glue_commands", "pretraining_commands", "reason_commands", "study_commands"]

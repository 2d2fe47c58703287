"""The command: `robustlab train | pretrain | evaluate | attack | compare | probe | reason | methods | cite | …`.

`commands`, `attack_commands`, `pretraining.commands`, `glue.commands` and `reason.commands` hold the verbs and their
options and import nothing heavy, so that `--help` is quick; each verb's work is in the module of its name.
"""

from robustlab.cli import attack_commands  # adds its verbs to the app
from robustlab.cli.commands import app
from robustlab.cli.glue import commands as glue_commands
from robustlab.cli.pretraining import commands as pretraining_commands
from robustlab.cli.reason import commands as reason_commands

app.add_typer(reason_commands.app, name="reason")

__all__ = ["app", "attack_commands", "glue_commands", "pretraining_commands", "reason_commands"]

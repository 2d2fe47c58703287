"""The command line: `robustlab train | evaluate | attack | compare | probe | methods | cite | prefetch | doctor`.

`commands` and `attack_commands` hold the verbs and their options and import nothing heavy, so that `--help` is quick;
each verb's work is in the module of its name.
"""

from robustlab.cli import attack_commands  # adds its verbs to the app
from robustlab.cli.commands import app

__all__ = ["app", "attack_commands"]

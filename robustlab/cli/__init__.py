"""The command line: `robustlab train | evaluate | probe | methods | cite | prefetch | doctor`.

`commands` holds the verbs and their options and imports nothing heavy, so that `--help` is quick; each verb's work
is in the module of its name.
"""

from robustlab.cli.commands import app

__all__ = ["app"]

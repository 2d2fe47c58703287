"""TextAttack's import leaves nothing behind but TextAttack."""

import importlib.util
import json
import subprocess
import sys

import pytest

PROGRAM = """
import json, logging, os, socket, sys
def refuse(*args, **kwargs):
    raise AssertionError("a connection was tried")
socket.socket.connect = socket.getaddrinfo = refuse
ours = logging.getLogger("robustlab.something")
before = dict(os.environ)
from robustlab.evaluation.attack.importing import textattack
module = textattack()
left = {name: value for name, value in os.environ.items() if before.get(name) != value}
handlers = logging.getLogger("textattack.shared.utils.install").handlers
print(json.dumps([module.__name__, ours.disabled, sorted(left), len(handlers)]))
"""


@pytest.mark.skipif(importlib.util.find_spec("textattack") is None, reason="the extra `attack` is not installed")
def test_importing_textattack_downloads_nothing_and_leaves_nothing(tmp_path):
    """Without any NLTK data, in a home of its own."""
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    (tmp_path / "cache").mkdir()
    path = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**home, **path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    name, disabled, left, handlers = json.loads(done.stdout.splitlines()[-1])
    assert (name, disabled, handlers) == ("textattack", False, 0)
    assert "TOKENIZERS_PARALLELISM" not in left
    assert not list(tmp_path.rglob("post_install_check_*[0-9]"))
    assert "textattack:" not in done.stderr

"""Makes the toy task importable by its own name, in the tests and in the processes that they start."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import sys
from pathlib import Path

# Tests say `from services.stats.tests import builders`: the name is unique in the workspace.
_ROOT = str(Path(__file__).parents[3])
if _ROOT not in sys.path:
    sys.path.append(_ROOT)

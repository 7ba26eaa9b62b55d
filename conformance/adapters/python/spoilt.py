"""The adapter with one of its checks switched off: `spoilt.py countersign_codec.check_low_s`.

The suite has to notice; `.ci/adapters` sees to it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from runpy import run_path

module, check = sys.argv[1].split(".")
spoilt = import_module(module)
getattr(spoilt, check)  # a name that does not exist is an error, not a spoilt adapter
setattr(spoilt, check, lambda *_: None)
run_path(str(Path(__file__).with_name("adapter.py")), run_name="__main__")

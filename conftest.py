"""Where the extension was not built, the programs that tests start need not each say so."""

import importlib.util
import os

if importlib.util.find_spec("tidu.backend._kernels") is None:
    os.environ.setdefault("TIDU_NATIVE", "0")

"""Examples of functions that need SciPy run where SciPy is installed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest


def pytest_collection_modifyitems(items):
    if find_spec("scipy"):
        return
    for item in items:
        example = getattr(item, "dtest", None)
        if example is not None and "Needs SciPy" in (example.docstring or ""):
            item.add_marker(pytest.mark.skip(reason="needs SciPy"))

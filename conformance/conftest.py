"""Settings of the comparison with torch, and the one run that its tests look at."""

from __future__ import annotations

import pytest


def pytest_configure(config):
    """torch and its test helpers warn about themselves; only results count here."""
    config.addinivalue_line("filterwarnings", "ignore")


def pytest_collection_modifyitems(items):
    """Tests that look at `collected` stay in one process (`--dist loadgroup`): it is made once."""
    for item in items:
        if "collected" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("collected"))


@pytest.fixture(scope="session")
def collected():
    """The results of everything that is compared."""
    from .collect import collect

    return collect()

"""Settings of the comparison with torch, and the one run that its tests look at."""

from __future__ import annotations

import pytest


def pytest_configure(config):
    """torch and its test helpers warn about themselves; only results count here."""
    config.addinivalue_line("filterwarnings", "ignore")


@pytest.fixture(scope="session")
def collected():
    """The results of everything that is compared."""
    from .collect import collect

    return collect()

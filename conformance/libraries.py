"""The two libraries compared: the reference, which is torch, and the subject, which is tidu.

``CONFORMANCE_SUBJECT=torch`` puts torch in tidu's place: every comparison then has to agree, which
is the harness's own test.
"""

from __future__ import annotations

import importlib
import os
import re
import warnings

import torch as reference

torch = reference
subject_name = os.environ.get("CONFORMANCE_SUBJECT", "tidu")
subject = importlib.import_module(subject_name)

torch.set_num_threads(int(os.environ.get("CONFORMANCE_THREADS", "1")))
warnings.simplefilter("ignore")


class Missing(Exception):
    """The subject has no such name."""


class Untranslatable(Exception):
    """A value of torch that has no counterpart to build, such as a sparse tensor."""


def as_torch_says(text: str) -> str:
    """`text` with the subject's module name replaced by torch's."""
    return re.sub(rf"\b{subject_name}\b", "torch", text)


def lookup(path: str, library=None):
    """The object at a dotted path such as ``nn.functional.relu``; raises `Missing`."""
    found = subject if library is None else library
    walked = found.__name__
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = importlib.import_module(f"{walked}.{part}")
            except ImportError:
                raise Missing(f"{walked}.{part}") from None
        walked += f".{part}"
    return found

"""Hooks: the handles with which they are removed."""

from __future__ import annotations

from ..autograd.hooks import RemovableHandle as RemovableHandle

"""CUDA: not built in. Its settings are kept and change nothing."""

from __future__ import annotations


class _Matmul:
    """Settings of matrix products on GPUs."""

    allow_tf32 = False
    allow_fp16_reduced_precision_reduction = True
    allow_bf16_reduced_precision_reduction = True


matmul = _Matmul()


def is_built() -> bool:
    """Whether this build could use NVIDIA's GPUs: False."""
    return False

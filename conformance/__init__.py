"""Comparison of tidu with the installed PyTorch on PyTorch's own test inputs."""

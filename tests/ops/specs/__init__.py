"""The tables of operations, one file a family as in `tidu/ops/`."""

"""Where memory is touched: a table of kernels for each device (see docs/kernel-table.md)."""

"""The vocabulary that all of polybroker shares: plain attrs records, free of I/O and of polars."""

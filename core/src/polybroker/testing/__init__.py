"""The contract suite, and what plugin authors need to run it."""

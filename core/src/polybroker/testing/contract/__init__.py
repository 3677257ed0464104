"""The laws: one function each, named after what has to hold, with the reason as its docstring."""

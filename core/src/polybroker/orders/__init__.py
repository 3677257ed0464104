"""Orders that are never doubled and never forgotten: their states, ids and intents."""

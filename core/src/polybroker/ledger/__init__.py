"""Trading days, running positions, matching, profit and loss, and charges."""

"""Live: what is known of every person now, and the lists, scores and reasons that are made from it."""

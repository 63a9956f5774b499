"""Monitoring: the quality and fairness of what was served, and whether the scores have moved away."""

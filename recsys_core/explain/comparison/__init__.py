"""Comparison of explainers: the same questions to every method, and what each answer is worth."""

"""Compression: pruning, quantisation and distillation of a trained ranker, and what each costs and saves."""

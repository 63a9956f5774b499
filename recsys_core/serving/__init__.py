"""Serving: the HTTP service and what it counts."""

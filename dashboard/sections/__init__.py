"""Larger cards of single pages, so that a page stays a short list of what it shows."""

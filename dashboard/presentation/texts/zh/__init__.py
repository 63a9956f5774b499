"""The Chinese sentences, one module a page."""

"""The English sentences, one module a page."""

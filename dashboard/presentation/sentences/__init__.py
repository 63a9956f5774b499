"""Results as sentences: what a page says first, with its figures. One module a page."""

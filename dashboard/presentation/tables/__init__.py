"""Results as tables: the rows that a page shows, and the raw ones that it downloads."""

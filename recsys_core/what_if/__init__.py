"""What if: edits of a person, of the history or of an item, and what the same model says then."""

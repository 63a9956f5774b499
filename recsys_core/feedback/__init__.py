"""Feedback: what people did with what they were shown, in a log that keeps all that it acknowledged."""

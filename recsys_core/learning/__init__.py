"""Learning: candidates made from feedback, the guard that lets them be served, and a person's acts about both."""

from recsys_core.learning.acts import promote_held, refuse_held, roll_back

__all__ = ["promote_held", "refuse_held", "roll_back"]

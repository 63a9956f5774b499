"""Feedback: what people did with what they were shown, in a log that keeps all that it acknowledged."""

from recsys_core.feedback.log import FeedbackLog
from recsys_core.feedback.reader import FeedbackReader
from recsys_core.feedback.sealing import seal_days, sealed_days

__all__ = ["FeedbackLog", "FeedbackReader", "seal_days", "sealed_days"]

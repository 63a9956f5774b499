"""Three attempts to find a model unfair (leakage, the worst subgroup, flips), in one verdict with its uncertainty."""

from recsys_core.adversarial_audit.audit import AuditedModel, adversarial_audit

__all__ = ["AuditedModel", "adversarial_audit"]

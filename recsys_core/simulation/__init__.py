"""Simulation: the planted users of a sample, who ask a running service for lists and say what they took."""

from recsys_core.simulation.client import ServiceClient
from recsys_core.simulation.planted_users import Behaviour, PlantedUsers
from recsys_core.simulation.run import simulate

__all__ = ["Behaviour", "PlantedUsers", "ServiceClient", "simulate"]

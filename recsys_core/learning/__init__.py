"""Learning: candidates made from feedback, and the guard that promotes, holds or refuses them."""

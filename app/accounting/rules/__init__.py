"""The rules a client keeps for its bank lines."""

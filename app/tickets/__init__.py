"""Tickets: what clients write, answered in time, with nothing lost."""

"""Tickets: behaviour through the edges."""

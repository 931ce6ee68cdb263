"""Open items: what customers and suppliers owe and are owed, and what settles it."""

"""Papers of a client: stored sealed, checked before use, classed, linked to records, viewed."""

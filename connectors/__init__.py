"""Connectors: what brings a client firm's outside data in; one folder a kind under `catalog`."""

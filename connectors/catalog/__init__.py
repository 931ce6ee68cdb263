"""The catalogue of connectors, one package a kind."""

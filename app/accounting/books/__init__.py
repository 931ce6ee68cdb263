"""Whole books as one package: written out and read in."""

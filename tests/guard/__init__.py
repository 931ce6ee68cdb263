"""Tests of the schema guard: reach, doors, catalogue and attacks."""

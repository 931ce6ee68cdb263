"""Tests of read papers in the books."""

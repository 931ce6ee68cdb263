"""Tests of the API toolkit."""

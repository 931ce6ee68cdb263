"""Tests of the bank file readers."""

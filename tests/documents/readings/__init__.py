"""Tests of what is read off papers."""

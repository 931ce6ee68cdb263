"""Tests of the client directory."""

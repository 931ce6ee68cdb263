"""Tests of app.identity."""

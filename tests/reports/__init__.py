"""Tests of report documents, publishing and the portal."""

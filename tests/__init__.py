"""Tests of the whole product, mirroring its packages."""

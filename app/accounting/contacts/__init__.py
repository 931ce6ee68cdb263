"""Customers, suppliers and whoever else a client deals with."""

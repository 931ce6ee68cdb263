"""Invoices as they are printed: words with their place, labels, and what stands beside them."""

"""The product from end to end: a real browser against the real application and its jobs."""

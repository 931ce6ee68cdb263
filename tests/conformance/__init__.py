"""Sets of cases that others wrote, answered by our engines."""

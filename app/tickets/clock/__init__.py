"""The clock of a ticket: pure arithmetic of opening hours, pauses and deadlines."""

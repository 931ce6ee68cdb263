"""The clock of a ticket."""

"""What a bank line could be, and how sure that is: pure calculation, no database, no web."""

"""Lists of what a client is to send or answer, and the links that open just one list."""

"""The month's close: steps, checks, unusual changes, and the board of all clients."""

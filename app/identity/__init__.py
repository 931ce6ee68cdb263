"""People of both sides: how they sign in, what they may see, and how that ends."""

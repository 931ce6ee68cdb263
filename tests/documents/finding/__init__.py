"""Finding papers by the words in them."""

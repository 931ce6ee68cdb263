"""What a read paper does in the books: finds its bank line, becomes a draft entry."""

"""Reports: what a line computes becomes a document, published to the client as it stood."""

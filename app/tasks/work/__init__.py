"""Tasks of staff in a client: who does what until when, in lists, in bulk and from a file."""

"""What is known about bank lines, read for the matching, which is pure."""

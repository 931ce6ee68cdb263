"""Documents: checks, classes, links, views, through the edges."""

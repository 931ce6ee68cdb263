"""The face: pages, forms, lists, charts and the shell around every screen."""

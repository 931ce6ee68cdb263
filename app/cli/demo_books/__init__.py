"""The invented provider and firms of the demo, and the generator of their books."""

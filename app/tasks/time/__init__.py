"""Time where the work is: a timer, entries by hand, the week's sheet, approval and lock."""

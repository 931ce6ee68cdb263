"""Re-coding many entries at once: planned, shown, booked as a reversal and a new entry each."""

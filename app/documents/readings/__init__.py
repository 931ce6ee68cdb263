"""What was read off papers: made by a job, kept by field, corrected and confirmed by people."""

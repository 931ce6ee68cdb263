"""What comes round: calendars, periods and due days, templates, and the job that rolls forward."""

"""What every package stands on: database, scope, jobs, audit, mail, usage and storage."""

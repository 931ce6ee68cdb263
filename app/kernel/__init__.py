"""What every package stands on: database, scope, jobs, audit, approvals, mail, usage and storage."""

"""Who approves what: the rules on screen and by API, and delegating one's own approvals."""

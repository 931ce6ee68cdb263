"""Approvals as people meet them: what waits for my decision, its content, the decision."""

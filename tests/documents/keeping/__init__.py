"""Keeping: rules, holds, disposals, the scrub."""

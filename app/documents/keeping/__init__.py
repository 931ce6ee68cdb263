"""How long papers are kept: rules, holds, disposals with their certificate, the nightly scrub."""

"""Billing: from the usage of the work itself to an invoice of which every cent can be shown."""

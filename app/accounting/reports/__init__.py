"""The reports of the books, built as documents that app.reports shows, exports and publishes."""

"""A client leaves and returns: taken along whole, brought into an installation, erased."""

"""Client firms and the provider: the directory, engagements, settings and their life."""

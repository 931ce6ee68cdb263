"""Finding papers by the words in them: in one client, over a person's clients, at the portal."""

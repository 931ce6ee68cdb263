"""Replies to our mails: read, told apart from machines, given for what they answer or placed."""

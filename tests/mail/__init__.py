"""Tests of the mail core, with mails written for them."""

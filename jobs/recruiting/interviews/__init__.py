"""Reminders of interviews: which are wanted, when they are due, and what they say."""

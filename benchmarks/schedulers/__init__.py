"""Schedulers side by side: many due at once, lateness, and the cost of idling."""

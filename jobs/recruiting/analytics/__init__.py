"""The hiring figures: what happened in a span of time, as it was known at its end."""

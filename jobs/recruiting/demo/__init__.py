"""A made-up hiring organisation, the same for the same seed."""

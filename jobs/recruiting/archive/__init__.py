"""The archive: applications in which nothing happens any more, set aside and given back."""

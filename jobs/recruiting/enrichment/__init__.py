"""Who is looked up, where, and what is kept of the answers."""

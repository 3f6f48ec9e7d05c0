"""One client for each outside service, over real HTTP."""

"""Tasks for tests: the task module `tests.samples`."""

"""What `benchmarks.console` measures, and with what."""

QUEUES = tuple(f"queue-{number:02}" for number in range(50))

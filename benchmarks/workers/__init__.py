"""What `benchmarks.worker` measures, and how."""

"""The candidates' sheet: what it should hold, how it differs, what to write."""

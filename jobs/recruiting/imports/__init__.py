"""Reads candidates and their applications from a CSV file into the database."""

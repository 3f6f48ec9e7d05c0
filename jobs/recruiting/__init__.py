"""What the hiring team's tasks work on: candidates, positions, applications."""

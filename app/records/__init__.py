"""What was decided and what happened, in SQL."""

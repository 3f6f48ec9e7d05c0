"""Alembic's folder: the engine's branch; task packages contribute branches of their own."""

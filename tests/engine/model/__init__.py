"""A model of the engine: random acts, crashes and clocks, and what must hold after each step."""

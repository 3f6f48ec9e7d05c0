"""Acts on everything that a search finds: chosen in SQL at once, done a few hundred at a time."""

from __future__ import annotations

from app.bulk.carrying import carry_on
from app.bulk.choosing import ACTS, LeftOut, Plan, Sample, choose, choose_done, plan

__all__ = ["ACTS", "LeftOut", "Plan", "Sample", "carry_on", "choose", "choose_done", "plan"]

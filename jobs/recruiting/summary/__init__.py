"""The recruiters' daily summary: what it covers, and what it says."""

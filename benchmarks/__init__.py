"""Measurements side by side with the peer in one run, told as ratios. `./dev bench NAME`."""

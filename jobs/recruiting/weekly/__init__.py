"""The weekly report: a closed week's figures held against the weeks before, as mail."""

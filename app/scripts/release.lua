-- Queue the run that a task keeps back, if the live one ended without telling us.
-- ARGV: task id
-- Answer: 1 when it did
return release_buffered(ARGV[1]) and 1 or 0

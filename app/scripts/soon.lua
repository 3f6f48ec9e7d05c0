-- What will be due within the next seconds, so that it can be computed before it is.
-- ARGV: seconds to look ahead, how many schedules at most
-- Answer: schedules as of schedule_rows
local seconds = now_ms() / 1000
return schedule_rows('(' .. seconds, seconds + tonumber(ARGV[1]), tonumber(ARGV[2]))

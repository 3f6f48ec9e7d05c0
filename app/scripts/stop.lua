-- Ask for the end of a running run; its worker writes how it ended.
-- KEYS: rq:job:{run}
-- ARGV: run id, reason
-- Answer: STOPPING, or the status that forbids it
local status = field(KEYS[1], 'status') or ''
if status ~= 'started' then return status end
ask_to_stop(ARGV[1], KEYS[1], ARGV[2])
return 'STOPPING'

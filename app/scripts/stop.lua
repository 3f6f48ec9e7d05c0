-- Ask for the end of a running run; its worker writes how it ended.
-- KEYS: rq:job:{run}
-- ARGV: 1 run id, 2 reason; of a bulk act also 3 its id
-- Answer: STOPPING, DONE (by this bulk act before), or the status that forbids it
if marked(KEYS[1], ARGV[3]) then return 'DONE' end
local status = field(KEYS[1], 'status') or ''
if status ~= 'started' then return status end
mark_with(KEYS[1], ARGV[3])
ask_to_stop(ARGV[1], KEYS[1], ARGV[2])
return 'STOPPING'

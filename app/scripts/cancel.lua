-- Take a waiting run out before it starts.
-- KEYS: rq:job:{run}
-- ARGV: 1 run id, 2 task id, 3 reason; of a bulk act also 4 its id, 5 the act it takes back or ''
-- Answer: CANCELLED, DONE (by this bulk act before), MOVED (not as that act left it), or the
--         status that forbids it ('canceled': it was before; '': it is gone)
if marked(KEYS[1], ARGV[4]) then return 'DONE' end
local status = field(KEYS[1], 'status') or ''
if status ~= 'queued' and status ~= 'scheduled' and status ~= 'deferred' then return status end
if not still_of(KEYS[1], ARGV[5]) then return 'MOVED' end
withdraw(ARGV[1], KEYS[1], ARGV[3])
mark_with(KEYS[1], ARGV[4])
redis.call('SREM', 'rota:live:' .. ARGV[2], ARGV[1])
if field('rota:buffered', ARGV[2]) == ARGV[1] then redis.call('HDEL', 'rota:buffered', ARGV[2]) end
release_buffered(ARGV[2])
settle_dependents(ARGV[1])
return 'CANCELLED'

-- Take a waiting run out before it starts.
-- KEYS: rq:job:{run}
-- ARGV: run id, task id, reason
-- Answer: CANCELLED, or the status that forbids it ('canceled': it was before; '': it is gone)
local status = field(KEYS[1], 'status') or ''
if status ~= 'queued' and status ~= 'scheduled' and status ~= 'deferred' then return status end
withdraw(ARGV[1], KEYS[1], ARGV[3])
redis.call('SREM', 'rota:live:' .. ARGV[2], ARGV[1])
if field('rota:buffered', ARGV[2]) == ARGV[1] then redis.call('HDEL', 'rota:buffered', ARGV[2]) end
release_buffered(ARGV[2])
settle_dependents(ARGV[1])
return 'CANCELLED'

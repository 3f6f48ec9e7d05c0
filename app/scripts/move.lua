-- Move one delayed run whose time has come to its queue; of two movers one finds it gone.
-- KEYS: rq:scheduled:{queue}, rq:job:{run}
-- ARGV: run id, queue
-- Answer: MOVED, GONE, EARLY, or FOREIGN (a job without our fields: moved without an event)
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not due then return 'GONE' end
local now = now_ms()
if tonumber(due) * 1000 > now then return 'EARLY' end
job_exists(KEYS[2])
redis.call('ZREM', KEYS[1], ARGV[1])
if not field(KEYS[2], 'status') then return 'GONE' end
redis.call('HDEL', KEYS[2], 'rota_place')
redis.call('HSET', KEYS[2], 'status', 'queued')
push(ARGV[2], ARGV[1], field(KEYS[2], 'enqueue_at_front') == '1')
local static = field(KEYS[2], 'rota_static')
if not static then return 'FOREIGN' end
local revision = next_revision(KEYS[2])
emit(ARGV[1], 'queued', revision, attempts_of(KEYS[2]), static,
  '{"queued_at":' .. string.format('%.0f', now) .. '}')
return 'MOVED'

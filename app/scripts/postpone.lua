-- Let a waiting run start at another time.
-- KEYS: rq:job:{run}
-- ARGV: run id, due (epoch s), the same as text for people
-- Answer: SCHEDULED, or the status that forbids it
local job, run_id = KEYS[1], ARGV[1]
local status = field(job, 'status') or ''
if status ~= 'queued' and status ~= 'scheduled' then return status end
local queue = field(job, 'origin') or 'default'
redis.call('LREM', 'rq:queue:' .. queue, 0, run_id)
not_held(run_id, job)
redis.call('SADD', 'rq:queues', 'rq:queue:' .. queue)
redis.call('ZADD', 'rq:scheduled:' .. queue, ARGV[2], run_id)
redis.call('HSET', job, 'status', 'scheduled')
emit(run_id, 'scheduled', next_revision(job),
  attempts_of(job), field(job, 'rota_static') or '{}',
  cjson.encode({reason = 'rescheduled: starts at ' .. ARGV[3], at = math.floor(ARGV[2] * 1000)}))
wake_scheduler()
return 'SCHEDULED'

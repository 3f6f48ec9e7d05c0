-- Queue an ended run again under its id; RQ may have forgotten its job by now.
-- KEYS: rq:job:{run}
-- ARGV: 1 run id, 2 queue, 3 task id, 4 revision in the history, 5 attempts used, 6 static JSON,
--       then pairs of the job's hash, for a job that is gone
-- Answer: QUEUED, or the status that forbids it
local job, run_id, queue = KEYS[1], ARGV[1], ARGV[2]
local status = field(job, 'status')
if status == 'queued' or status == 'started' or status == 'scheduled' or status == 'deferred' then
  return status
end
if not status then
  job_exists(job)
  write_pairs(job, 7)
end
-- The history may be ahead of a hash that was restored from an older state.
local revision = math.max(counted_up(field(job, 'rota_revision')), tonumber(ARGV[4]) + 1)
redis.call('HSET', job, 'status', 'queued', 'rota_revision', revision, 'rota_attempt', ARGV[5])
redis.call('HDEL', job, 'rota_broken_by', 'rota_waits', 'rota_place')
redis.call('PERSIST', job)
for _, registry in ipairs({'failed', 'finished', 'canceled'}) do
  redis.call('ZREM', 'rq:' .. registry .. ':' .. queue, run_id)
end
redis.call('SADD', 'rota:live:' .. ARGV[3], run_id)
push(queue, run_id, false)
emit(run_id, 'queued', revision, ARGV[5], ARGV[6],
  '{"queued_at":' .. now_text() .. '}')
revive_dependents(run_id)
return 'QUEUED'

-- Queue an ended run again under its id; RQ may have forgotten its job by now.
-- KEYS: rq:job:{run}
-- ARGV: 1 run id, 2 queue, 3 task id, 4 revision in the history, 5 attempts used, 6 static JSON,
--       7 the bulk act's id or '', 8 the act it takes back or '', 9 not before (epoch s) or '',
--       then pairs of the job's hash, for a job that is gone
-- Answer: QUEUED, SCHEDULED, DONE (by this bulk act before), MOVED (not as that act left it), or
--         the status that forbids it
local job, run_id, queue, mark, only, due = KEYS[1], ARGV[1], ARGV[2], ARGV[7], ARGV[8], ARGV[9]
if marked(job, mark) then return 'DONE' end
local status = field(job, 'status')
if status == 'queued' or status == 'started' or status == 'scheduled' or status == 'deferred' then
  return status
end
-- Among many runs nobody looks at each: one that succeeded meanwhile stays as it is.
if mark ~= '' and status == 'finished' then return status end
if status and not (still_of(job, only) and (only == '' or status == 'canceled')) then
  return 'MOVED'
end
if not status then
  job_exists(job)
  write_pairs(job, 10)
end
local later = due ~= '' and tonumber(due) * 1000 > now_ms()
local now_status = later and 'scheduled' or 'queued'
-- The history may be ahead of a hash that was restored from an older state.
local revision = math.max(counted_up(field(job, 'rota_revision')), tonumber(ARGV[4]) + 1)
redis.call('HSET', job, 'status', now_status, 'rota_revision', revision, 'rota_attempt', ARGV[5])
redis.call('HDEL', job, 'rota_broken_by', 'rota_waits', 'rota_place')
mark_with(job, mark)
redis.call('PERSIST', job)
for _, registry in ipairs({'failed', 'finished', 'canceled'}) do
  redis.call('ZREM', 'rq:' .. registry .. ':' .. queue, run_id)
end
redis.call('SADD', 'rota:live:' .. ARGV[3], run_id)
if later then
  redis.call('SADD', 'rq:queues', 'rq:queue:' .. queue)
  redis.call('ZADD', 'rq:scheduled:' .. queue, due, run_id)
  emit(run_id, 'scheduled', revision, ARGV[5], ARGV[6], '{}')
  wake_scheduler()
else
  push(queue, run_id, false)
  emit(run_id, 'queued', revision, ARGV[5], ARGV[6],
    '{"queued_at":' .. now_text() .. '}')
end
revive_dependents(run_id)
return string.upper(now_status)

-- Write how one execution ended, unless it is not this execution's to write any more.
-- KEYS: rq:job:{run}, rota:live:{task}, rq:worker:{name}, rq:worker:{name}:executions
-- ARGV: 1 queue, 2 run id, 3 execution id, 4 status for the history, 5 status for RQ,
--       6 data JSON of the event, 7 seconds RQ keeps the job, 8 seconds until it runs again or '',
--       9 attempts to take back (1: this one does not count, 0), 10 ended at as RQ writes it,
--       11 seconds the execution took, then pairs of RQ's result entry
-- Answer: OK, or FENCED (the run was recovered, stopped or ended by somebody else)
local job, queue, run_id, execution = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
if field(job, 'rota_execution') ~= execution or field(job, 'status') ~= 'started' then
  return 'FENCED'
end
local status = ARGV[5]
local member = run_id .. ':' .. execution
local now = now_ms() / 1000
local attempt = redis.call('HINCRBY', job, 'rota_attempt', -tonumber(ARGV[9]))
local revision = redis.call('HINCRBY', job, 'rota_revision', 1)

redis.call('ZREM', 'rq:wip:' .. queue, member)
redis.call('ZREM', 'rota:liveness', queue .. '|' .. run_id .. '|' .. execution)
redis.call('DEL', 'rq:execution:' .. member)
redis.call('ZREM', 'rq:executions:' .. run_id, execution)
redis.call('SREM', KEYS[4], member)
redis.call('HDEL', job, 'rota_execution', 'rota_stop')
redis.call('HSET', job, 'status', status, 'ended_at', ARGV[10])
if redis.call('EXISTS', KEYS[3]) == 1 then
  redis.call('HDEL', KEYS[3], 'current_job')
  redis.call('HSET', KEYS[3], 'state', 'idle')
  redis.call('HINCRBY', KEYS[3], status == 'finished' and 'successful_job_count' or 'failed_job_count', 1)
  redis.call('HINCRBYFLOAT', KEYS[3], 'total_working_time', ARGV[11])
end

if #ARGV > 11 then
  local entry = {}
  for i = 12, #ARGV do entry[#entry + 1] = ARGV[i] end
  redis.call('XADD', 'rq:results:' .. run_id, 'MAXLEN', 10, '*', unpack(entry))
end

if status == 'queued' then
  push(queue, run_id, true)
elseif status == 'scheduled' then
  redis.call('ZADD', 'rq:scheduled:' .. queue, now + tonumber(ARGV[8]), run_id)
  wake_scheduler()
else
  local registry = status == 'finished' and 'rq:finished:' or 'rq:failed:'
  local ttl = tonumber(ARGV[7])
  redis.call('ZADD', registry .. queue, now + ttl, run_id)
  redis.call('EXPIRE', job, ttl)
  redis.call('EXPIRE', 'rq:results:' .. run_id, ttl)
  redis.call('SREM', KEYS[2], run_id)
end
emit(run_id, ARGV[4], revision, attempt, redis.call('HGET', job, 'rota_static') or '{}', ARGV[6])
if status ~= 'queued' and status ~= 'scheduled' then
  release_buffered(string.sub(KEYS[2], string.len('rota:live:') + 1))
end
return 'OK'

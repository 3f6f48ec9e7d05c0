-- Start a run of a dead worker again; of two reapers one finds it recovered.
-- ARGV: 1 queue, 2 run id, 3 execution id, 4 recoveries that quarantine, 5 within seconds,
--       6 seconds RQ keeps a quarantined job
-- Answer: REQUEUED, QUARANTINED, ALIVE, or GONE
local queue, run_id, execution = ARGV[1], ARGV[2], ARGV[3]
local member = queue .. '|' .. run_id .. '|' .. execution
local dead_at = redis.call('ZSCORE', 'rota:liveness', member)
if not dead_at then return 'GONE' end
local now = now_ms() / 1000
if tonumber(dead_at) > now then return 'ALIVE' end
redis.call('ZREM', 'rota:liveness', member)
local job = 'rq:job:' .. run_id
local limited = decoded(field(job, 'rota_static')).task_id
local execution_key = run_id .. ':' .. execution
redis.call('ZREM', 'rq:wip:' .. queue, execution_key)
redis.call('DEL', 'rq:execution:' .. execution_key)
redis.call('ZREM', 'rq:executions:' .. run_id, execution)
if field(job, 'rota_execution') ~= execution or field(job, 'status') ~= 'started' then
  if type(limited) == 'string' then vacate(limited, member, true) end
  return 'GONE'
end

local worker = field(job, 'worker_name') or 'unknown'
redis.call('SREM', 'rq:worker:' .. worker .. ':executions', execution_key)
local recent = {}
for _, at in ipairs(decoded(field(job, 'rota_recoveries'))) do
  if type(at) == 'number' and at > now - tonumber(ARGV[5]) then recent[#recent + 1] = at end
end
recent[#recent + 1] = math.floor(now)
local revision = next_revision(job)
local attempt = attempts_of(job)
local static = field(job, 'rota_static') or '{}'
redis.call('HDEL', job, 'rota_execution')
redis.call('HSET', job, 'rota_recoveries', cjson.encode(recent))
local data = {reason = 'worker ' .. worker .. ' died', outcome = 'lost',
  ended_at = math.floor(now * 1000)}

if #recent >= tonumber(ARGV[4]) then
  data.reason = 'recovered ' .. #recent .. ' times: it seems to kill its workers (last: ' .. worker .. ')'
  redis.call('HSET', job, 'status', 'failed')
  redis.call('ZADD', 'rq:failed:' .. queue, now + tonumber(ARGV[6]), run_id)
  redis.call('EXPIRE', job, tonumber(ARGV[6]))
  local task = decoded(static).task_id
  if type(task) ~= 'string' then task = nil end
  if task then redis.call('SREM', 'rota:live:' .. task, run_id) end
  emit(run_id, 'quarantined', revision, attempt, static, cjson.encode(data))
  if task then release_buffered(task) end
  settle_dependents(run_id)
  if task then vacate(task, member, true) end
  return 'QUARANTINED'
end
redis.call('HSET', job, 'status', 'queued')
if type(limited) == 'string' then vacate(limited, member, true) end
push(queue, run_id, true)
data.queued_at = math.floor(now * 1000)
emit(run_id, 'queued', revision, attempt, static, cjson.encode(data))
return 'REQUEUED'

-- Defines `take`, for advance.lua: take the next run for a worker. To leave its queue and be
-- started is one step, so a worker that dies here loses nothing.
-- KEYS: 1 rq:worker:{name}, 2 rq:worker:{name}:executions
-- ARGV: 1 worker name, 3 how many queues, 4 execution id, 5 seconds a worker may be silent,
--       6 seconds after which RQ itself calls an execution abandoned, 7 now as RQ writes it,
--       8 id of a foreign job that the caller has checked or '', 9 its static JSON,
--       from 10 on the names of the queues in order of priority
-- Answer: nil (nothing waits), {'run', queue, run id, hash}, {'foreign', queue, id, hash} (still in
--         its queue: check it), {'broken', queue, id, why} (still in its queue: set it aside), or
--         {'again', queue, '', ''} (many dead ids were dropped, ask again)
local function start(queue, id, job)
  local now, worker, execution = now_ms() / 1000, ARGV[1], ARGV[4]
  local attempt = redis.call('HINCRBY', job, 'rota_attempt', 1)
  local revision = redis.call('HINCRBY', job, 'rota_revision', 1)
  redis.call('HSET', job, 'status', 'started', 'started_at', ARGV[7], 'last_heartbeat', ARGV[7],
    'worker_name', worker, 'rota_execution', execution)
  redis.call('PERSIST', job)
  local member = id .. ':' .. execution
  redis.call('ZADD', 'rq:wip:' .. queue, now + tonumber(ARGV[6]), member)
  redis.call('HSET', 'rq:execution:' .. member, 'id', execution, 'job_id', id, 'created_at', now,
    'last_heartbeat', now, 'worker_name', worker)
  redis.call('EXPIRE', 'rq:execution:' .. member, tonumber(ARGV[6]))
  redis.call('ZADD', 'rq:executions:' .. id, now + tonumber(ARGV[6]) + 60, execution)
  redis.call('EXPIRE', 'rq:executions:' .. id, tonumber(ARGV[6]) + 60)
  redis.call('SADD', KEYS[2], member)
  redis.call('EXPIRE', KEYS[2], tonumber(ARGV[6]) + 60)
  redis.call('ZADD', 'rota:liveness', now + tonumber(ARGV[5]), queue .. '|' .. id .. '|' .. execution)
  emit(id, 'running', revision, attempt, redis.call('HGET', job, 'rota_static'),
    cjson.encode({started_at = math.floor(now * 1000), worker = worker}))
  return {'run', queue, id, redis.call('HGETALL', job)}
end

-- Which of our own fields could not be worked with, nil where all can. A script that fails half
-- way takes nothing back, so this is asked before the run leaves its queue.
local function broken_field(job)
  for _, name in ipairs({'rota_attempt', 'rota_revision'}) do
    if not string.find(field(job, name) or '0', '^%d+$') then return name end
  end
  local read, static = pcall(cjson.decode, field(job, 'rota_static'))
  if not read or type(static) ~= 'table' or type(static.task_id) ~= 'string'
    or type(static.trigger) ~= 'string' or type(static.at) ~= 'number' then
    return 'rota_static'
  end
  return nil
end

-- The run that this very call took when it was made before: its answer was lost on the way.
local function taken_before()
  for _, member in ipairs(redis.call('SMEMBERS', KEYS[2])) do
    local id, execution = string.match(member, '^(.*):(%w+)$')
    if execution == ARGV[4] and field('rq:job:' .. id, 'rota_execution') == execution then
      return {'run', field('rq:job:' .. id, 'origin') or ARGV[10], id, redis.call('HGETALL', 'rq:job:' .. id)}
    end
  end
  return nil
end

local function take()
  local before = taken_before()
  if before then return before end
  for i = 10, 9 + tonumber(ARGV[3]) do
    local queue, key = ARGV[i], 'rq:queue:' .. ARGV[i]
    local paused = redis.call('HEXISTS', 'rota:pauses', 'queue:' .. queue) == 1
    for dropped = 1, paused and 0 or 100 do
      local id = redis.pcall('LINDEX', key, 0)
      if type(id) ~= 'string' then break end
      local job = 'rq:job:' .. id
      local kind = redis.call('TYPE', job)['ok']
      if kind ~= 'none' and kind ~= 'hash' then
        return {'broken', queue, id, 'its job is a ' .. kind .. ', not a hash'}
      end
      local status = field(job, 'status')
      if kind == 'none' or status ~= 'queued' or redis.call('EXISTS', 'rota:schedule:' .. id) == 1 then
        -- Its hash expired, it was cancelled or taken already, or a plain rqscheduler pushed the
        -- template of a schedule: nothing to run.
        redis.call('LPOP', key)
      elseif field(job, 'rota_static') then
        local broken = broken_field(job)
        if broken then
          -- Else it would count as live, and its task would never fire again.
          redis.call('HSET', job, 'status', 'failed')
          return {'broken', queue, id, 'its field ' .. broken .. ' is garbage'}
        end
        redis.call('LPOP', key)
        return start(queue, id, job)
      elseif id == ARGV[8] then
        redis.call('LPOP', key)
        redis.call('HSET', job, 'rota_static', ARGV[9])
        return start(queue, id, job)
      else
        return {'foreign', queue, id, redis.call('HGETALL', job)}
      end
      if dropped == 100 then return {'again', queue, '', ''} end
    end
  end
  return false
end

-- Defines `take`, for advance.lua: take the next run for a worker. To leave its queue and be
-- started is one step, so a worker that dies here loses nothing.
-- KEYS: 1 rq:worker:{name}, 2 rq:worker:{name}:executions
-- ARGV: 1 worker name, 4 how many queues, 5 execution id, 6 seconds a worker may be silent,
--       7 seconds after which RQ itself calls an execution abandoned, 8 now as RQ writes it,
--       9 id of a foreign job that the caller has checked or '', 10 its static JSON,
--       11 which tasks' runs may be taken: '' all, '-|a|b|' all but these, '+|a|b|' only these
--       (a run that is to be alone in its process counts as one of a task that is not listed),
--       12 limits of the catalogue's tasks, JSON {task: [at once, starts, within seconds]} or '',
--       from 13 on the names of the queues in order of priority
-- Answer: nil (nothing waits), {'held', '', '', ''} (what waits may not be taken now),
--         {'run', queue, run id, static, call, attempt, revision, whether it is to be alone},
--         {'foreign', queue, id, hash} (still in its queue: check it), {'broken', queue, id, why}
--         (still in its queue: set it aside), or {'again', queue, '', ''} (many dead ids were
--         dropped, ask again)
local function start(queue, id, job, held, task, limit)
  local now, worker, execution = now_ms() / 1000, ARGV[1], ARGV[5]
  local ttl = tonumber(ARGV[7])
  local attempt, revision = (whole(held[3]) or 0) + 1, counted_up(held[4])
  redis.call('HSET', job, 'status', 'started', 'started_at', ARGV[8], 'last_heartbeat', ARGV[8],
    'worker_name', worker, 'rota_execution', execution, 'rota_attempt', attempt,
    'rota_revision', revision)
  redis.call('PERSIST', job)
  if limit then occupy(task, limit, queue .. '|' .. id .. '|' .. execution, now) end
  local member = id .. ':' .. execution
  redis.call('ZADD', 'rota:liveness', now + tonumber(ARGV[6]), queue .. '|' .. id .. '|' .. execution)
  redis.call('ZADD', 'rq:wip:' .. queue, now + ttl, member)
  redis.call('HSET', 'rq:execution:' .. member, 'id', execution, 'job_id', id, 'created_at', now,
    'last_heartbeat', now, 'worker_name', worker)
  redis.call('EXPIRE', 'rq:execution:' .. member, ttl)
  redis.call('ZADD', 'rq:executions:' .. id, now + ttl + 60, execution)
  redis.call('EXPIRE', 'rq:executions:' .. id, ttl + 60)
  redis.call('SADD', KEYS[2], member)
  emit(id, 'running', revision, attempt, held[2],
    '{"started_at":' .. now_text() .. ',"worker":' .. cjson.encode(worker) .. '}')
  return {'run', queue, id, held[2], held[5] or '', attempt, revision, held[6] or ''}
end

local function read_job(job)
  return redis.pcall('HMGET', job, 'status', 'rota_static', 'rota_attempt', 'rota_revision', 'data',
    'rota_alone')
end

-- What of our own could not be worked with, nil where all can; asked before the run leaves its
-- queue. What only Python finds unreadable is given up by the caller (reject.lua).
local function broken_part(id, held, static)
  if string.find(id, '[^\33-\126]') then return 'id' end
  if not whole(held[3] or '0') then return 'field rota_attempt' end
  if not whole(held[4] or '0') then return 'field rota_revision' end
  if type(static.task_id) ~= 'string' or type(static.trigger) ~= 'string'
    or type(static.at) ~= 'number' then
    return 'field rota_static'
  end
  return nil
end

-- The run that this very call took when it was made before: its answer was lost on the way.
local function taken_before()
  for _, member in ipairs(redis.call('SMEMBERS', KEYS[2])) do
    local id, execution = string.match(member, '^(.*):(%w+)$')
    if execution == ARGV[5] and field('rq:job:' .. id, 'rota_execution') == execution then
      local job = 'rq:job:' .. id
      local held = read_job(job)
      return {'run', field(job, 'origin') or ARGV[13], id, held[2], held[5] or '',
        whole(held[3]) or 1, whole(held[4]) or 1, held[6] or ''}
    end
  end
  return nil
end

local limits = ARGV[12] ~= '' and decoded(ARGV[12]) or nil

-- How many runs of a queue are passed over at most: looking at them costs everybody.
local LOOK_AHEAD = 20

-- Whether ARGV[11] lets this run be taken.
local function may_take(static, alone)
  if ARGV[11] == '' then return true end
  local listed = false
  if static and not alone then
    local task = tostring(static.task_id)
    listed = string.find(ARGV[11], '|' .. task .. '|', 1, true) ~= nil
  end
  return listed == (string.sub(ARGV[11], 1, 1) == '+')
end

-- Look at an id of a queue; nil when it was dropped or its task's limits
-- hold it back, {'held'} when it is to be passed over.
local function consider(queue, key, id)
  local job = 'rq:job:' .. id
  local held = read_job(job)
  if held.err then
    return {'broken', queue, id, 'its job is a ' .. type_of(job) .. ', not a hash'}
  end
  if held[1] ~= 'queued' or (not held[2] and redis.call('EXISTS', 'rota:schedule:' .. id) == 1) then
    -- Its hash expired, it was cancelled or taken already, or a plain rqscheduler pushed the
    -- template of a schedule: nothing to run.
    redis.call('LREM', key, 1, id)
    return nil
  end
  local static = held[2] and decoded(held[2])
  if not may_take(static, held[6]) then return {'held', '', '', ''} end
  if static then
    local broken = broken_part(id, held, static)
    if broken then
      -- Else it would count as live, and its task would never fire again.
      redis.call('HSET', job, 'status', 'failed')
      settle_dependents(id)
      return {'broken', queue, id, 'its ' .. broken .. ' is garbage'}
    end
  elseif id == ARGV[9] then
    held[2], static = ARGV[10], decoded(ARGV[10])
    redis.call('HSET', job, 'rota_static', held[2])
  else
    return {'foreign', queue, id, redis.call('HGETALL', job)}
  end
  redis.call('LREM', key, 1, id)
  local task = static.task_id
  local limit = limits and limits[task]
  if limit then
    local free, why, at = room(task, limit, now_ms() / 1000)
    -- Those that were held back before it come first.
    local behind = free > 0 and not field(job, 'rota_place') and redis.call('EXISTS', 'rota:held:' .. task) == 1
    if free <= 0 or behind then
      hold(task, limit, id, job, why or 'others are before it', at)
      if behind then let_held_go(task, limit) end
      return nil
    end
  end
  return start(queue, id, job, held, task, limit)
end

local function take()
  local before = taken_before()
  if before then return before end
  local passed = nil
  for i = 13, 12 + tonumber(ARGV[4]) do
    local queue, key = ARGV[i], 'rq:queue:' .. ARGV[i]
    local paused = redis.call('HEXISTS', 'rota:pauses', 'queue:' .. queue) == 1
    local at = 0
    for looked = 1, paused and 0 or 100 do
      local id = redis.pcall('LINDEX', key, at)
      if type(id) ~= 'string' then break end
      local found = consider(queue, key, id)
      if found and found[1] ~= 'held' then return found end
      if found then
        passed, at = found, at + 1
        if at == LOOK_AHEAD then break end
      elseif looked == 100 and at == 0 then
        return {'again', queue, '', ''}
      end
    end
  end
  return passed
end

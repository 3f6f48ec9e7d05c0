-- Stands before every script.

-- The server's clock in milliseconds: hosts' clocks differ, so nothing here trusts them.
local function now_ms()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

-- One event a state change, with all that the run's row needs.
-- `static` is what never changes about a run, `data` what this change brought, both JSON objects.
local function emit(run_id, status, revision, attempt, static, data)
  redis.call('XADD', 'rota:events', '*', 'run', run_id, 'status', status,
    'revision', revision, 'attempt', attempt, 'at', string.format('%.0f', now_ms()),
    'static', static, 'data', data)
  redis.call('INCR', 'rota:changes')
end

-- Wake one waiting worker. Tokens are only a hint, so a few are enough.
local function wake_worker(queue)
  local key = 'rota:ready:' .. queue
  redis.call('LPUSH', key, '1')
  redis.call('LTRIM', key, 0, 63)
end

local function wake_scheduler()
  redis.call('LPUSH', 'rota:wake', '1')
  redis.call('LTRIM', 'rota:wake', 0, 0)
end

-- Put a run's job at the end (or the front) of its queue.
local function push(queue, run_id, at_front)
  redis.call('SADD', 'rq:queues', 'rq:queue:' .. queue)
  redis.call(at_front and 'LPUSH' or 'RPUSH', 'rq:queue:' .. queue, run_id)
  wake_worker(queue)
end

-- Write pairs from ARGV[first] on into a hash.
local function write_pairs(key, first)
  for i = first, #ARGV, 2 do
    redis.call('HSET', key, ARGV[i], ARGV[i + 1])
  end
end

-- HGET that answers nil for a missing field or a key of another type.
local function field(key, name)
  local answer = redis.pcall('HGET', key, name)
  if type(answer) == 'string' then return answer end
  return nil
end

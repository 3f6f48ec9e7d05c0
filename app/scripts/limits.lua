-- Defines how many runs of a task go on at once, and how many start within a span of time.
-- Keys: `rota:slots:{task}`, set of `<queue>|<run>|<execution>` that go on; `rota:starts:{task}`,
-- zset of the same with when they started, epoch s, as far back as the span; `rota:held:{task}`,
-- zset of runs that may not start yet, in the order of their queue; `rota:held`, zset of tasks that
-- have such, with when the next may start, `+inf` where an end has to come first; `rota:limits`,
-- hash of their limits, as those who hold back know them; `rota:let_go`, hash of the run of each
-- task that was let go last.
-- A limit is {at once, starts, within seconds}; 0 stands for no limit.

-- How many runs come back to their queue in one step.
local HELD_AT_ONCE = 100

-- Return how many more may start now, why no more, and when the next may, where time will tell.
local function room(task, limit, now)
  local free, why, at = HELD_AT_ONCE, nil, nil
  if limit[1] > 0 then
    local going = redis.call('SCARD', 'rota:slots:' .. task)
    free = math.min(free, limit[1] - going)
    if free <= 0 then why = going .. ' of ' .. limit[1] .. ' running' end
  end
  if limit[2] > 0 then
    local starts = 'rota:starts:' .. task
    redis.call('ZREMRANGEBYSCORE', starts, '-inf', now - limit[3])
    local made = redis.call('ZCARD', starts)
    free = math.min(free, limit[2] - made)
    if made >= limit[2] then
      -- As many have to grow old as are one too many.
      local oldest = redis.call('ZRANGE', starts, made - limit[2], made - limit[2], 'WITHSCORES')
      at = tonumber(oldest[2]) + limit[3]
      why = why or made .. ' of ' .. limit[2] .. ' started within ' .. limit[3] .. ' s'
    end
  end
  return free, why, at
end

-- Note that an execution goes on, and that it started.
local function occupy(task, limit, member, now)
  if limit[1] > 0 then redis.call('SADD', 'rota:slots:' .. task, member) end
  if limit[2] > 0 then
    redis.call('ZADD', 'rota:starts:' .. task, now, member)
    redis.call('EXPIRE', 'rota:starts:' .. task, limit[3] + 1)
  end
end

-- Hold a run back that may not start yet. It keeps its place for as long as it has not started.
local function hold(task, limit, id, job, why, at)
  local place = field(job, 'rota_place')
  if not place then
    place = redis.call('INCR', 'rota:places')
    redis.call('HSET', job, 'rota_place', place)
  end
  redis.call('HSET', job, 'rota_waits', 'waits: ' .. why)
  redis.call('ZADD', 'rota:held:' .. task, place, id)
  redis.call('HSET', 'rota:limits', task, cjson.encode(limit))
  redis.call('ZADD', 'rota:held', at or '+inf', task)
end

-- Put a run back at the front of its queue, but behind the one of its task that was put there
-- before it and has not started yet.
local function put_back(task, id, job)
  local queue, before = field(job, 'origin') or 'default', field('rota:let_go', task)
  local ahead = before and 'rq:job:' .. before
  if ahead and field(ahead, 'status') == 'queued' and field(ahead, 'rota_place')
    and (field(ahead, 'origin') or 'default') == queue
    and redis.call('LINSERT', 'rq:queue:' .. queue, 'AFTER', before, id) > 0 then
    wake_worker(queue)
  else
    push(queue, id, true)
  end
  redis.call('HSET', 'rota:let_go', task, id)
end

-- Put as many back at the front of their queues as may start now.
local function let_held_go(task, limit)
  local held, now = 'rota:held:' .. task, now_ms() / 1000
  local free, _, at = room(task, limit, now)
  local ids = free > 0 and redis.call('ZRANGE', held, 0, free - 1) or {}
  for _, id in ipairs(ids) do
    local job = 'rq:job:' .. id
    redis.call('ZREM', held, id)
    if field(job, 'status') == 'queued' then
      redis.call('HDEL', job, 'rota_waits')
      put_back(task, id, job)
    end
  end
  if redis.call('EXISTS', held) == 0 then
    redis.call('ZREM', 'rota:held', task)
    redis.call('HDEL', 'rota:limits', task)
  else
    -- Those just let go have not started yet: see what is left when they have.
    if #ids > 0 and (limit[2] > 0 or #ids == HELD_AT_ONCE) then at = now + 1 end
    redis.call('ZADD', 'rota:held', at or '+inf', task)
  end
end

-- An execution is over: its place is free, and so is its start where it did not count.
local function vacate(task, member, started)
  redis.call('SREM', 'rota:slots:' .. task, member)
  if not started then redis.call('ZREM', 'rota:starts:' .. task, member) end
  if redis.call('ZSCORE', 'rota:held', task) then
    local limit = decoded(field('rota:limits', task))
    for i = 1, 3 do
      if type(limit[i]) ~= 'number' then return end
    end
    let_held_go(task, limit)
  end
end

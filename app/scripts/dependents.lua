-- Defines what becomes of the runs that wait for others, RQ's dependents.
-- Keys, as RQ has them: `rq:job:{run}:dependents`, the set of those that wait for the run, and
-- `rq:job::{run}:dependencies`, the set of those that it still waits for.

-- How many are dealt with in one step; Redis serves nobody else meanwhile.
local DEPENDENTS_AT_ONCE = 500
-- How long RQ keeps what failed, in seconds: as long can what was cancelled by it be revived.
local KEEP_BROKEN = 2592000

local function dependents_key(run_id) return 'rq:job:' .. run_id .. ':dependents' end
local function dependencies_key(run_id) return 'rq:job::' .. run_id .. ':dependencies' end

local function members(key)
  local found = redis.pcall('SMEMBERS', key)
  return type(found) == 'table' and not found.err and found or {}
end

-- How a run stands for one that waits for it: 'met', 'broken', or 'open'. What RQ has forgotten
-- counts as met, as with RQ.
local function standing(run_id, may_fail)
  local status = field('rq:job:' .. run_id, 'status')
  if not status or status == 'finished' then return 'met' end
  if status == 'failed' or status == 'stopped' or status == 'canceled' then
    return may_fail and 'met' or 'broken'
  end
  return 'open'
end

-- An event of a run with the next revision; a foreign one has none.
local function tell(id, job, status, data)
  local static = field(job, 'rota_static')
  if type(decoded(static).task_id) ~= 'string' then return end
  emit(id, status, next_revision(job), attempts_of(job), static, cjson.encode(data))
end

local function task_of(job)
  local task = decoded(field(job, 'rota_static')).task_id
  return type(task) == 'string' and task or nil
end

-- Let a run wait (again) for what is open of its dependencies.
local function put_off(id, job, reason)
  redis.call('HSET', job, 'status', 'deferred', 'rota_waits', reason)
  redis.call('HDEL', job, 'rota_broken_by')
  for _, key in ipairs({job, dependents_key(id), dependencies_key(id)}) do redis.call('PERSIST', key) end
  local queue = field(job, 'origin') or 'default'
  redis.call('SADD', 'rq:queues', 'rq:queue:' .. queue)
  redis.call('ZADD', 'rq:deferred:' .. queue, math.floor(now_ms() / 1000), id)
  local task = task_of(job)
  if task then redis.call('SADD', 'rota:live:' .. task, id) end
end

-- Everything that a run waited for has ended: into its queue.
local function let_go(id, job)
  local queue, task = field(job, 'origin') or 'default', task_of(job)
  redis.call('ZREM', 'rq:deferred:' .. queue, id)
  redis.call('HSET', job, 'status', 'queued', 'rota_released_at', now_text())
  redis.call('HDEL', job, 'rota_broken_by', 'rota_waits')
  for _, key in ipairs({job, dependents_key(id)}) do redis.call('PERSIST', key) end
  redis.call('DEL', dependencies_key(id))
  if task then redis.call('SADD', 'rota:live:' .. task, id) end
  push(queue, id, field(job, 'enqueue_at_front') == '1')
  tell(id, job, 'queued', {queued_at = now_ms()})
end

-- A dependency failed: a run of ours ends with it; RQ leaves its own waiting for a retry.
local function give_up(id, job, broken)
  local task = task_of(job)
  if not task then return false end
  redis.call('ZREM', 'rq:deferred:' .. (field(job, 'origin') or 'default'), id)
  redis.call('HSET', job, 'status', 'canceled', 'rota_broken_by', broken)
  redis.call('HDEL', job, 'rota_waits')
  for _, key in ipairs({job, dependents_key(id), dependencies_key(id)}) do
    redis.call('EXPIRE', key, KEEP_BROKEN)
  end
  redis.call('SREM', 'rota:live:' .. task, id)
  tell(id, job, 'cancelled', {reason = 'its dependency ' .. broken .. ' did not end well'})
  release_buffered(task)
  return true
end

-- Return what a run still waits for: whether nothing is open, and one that failed, if any.
local function what_is_open(id, may_fail)
  local met, broken = true, nil
  for _, other in ipairs(members(dependencies_key(id))) do
    local state = standing(other, may_fail)
    if state == 'met' then redis.call('SREM', dependencies_key(id), other) else met = false end
    if state == 'broken' then broken = other end
  end
  return met, broken
end

-- Deal with one that waits for an ended run. Return whether that changed anything, and whether it
-- ended by that.
local function settle_one(id, ended)
  local job = 'rq:job:' .. id
  local status = field(job, 'status')
  local revivable = status == 'canceled' and field(job, 'rota_broken_by') == ended
  local may_fail = field(job, 'allow_dependency_failures') == '1'
  if standing(ended, may_fail) ~= 'met' then
    local given_up = status == 'deferred' and give_up(id, job, ended)
    return given_up, given_up
  end
  redis.call('SREM', dependents_key(ended), id)
  redis.call('SREM', dependencies_key(id), ended)
  if status ~= 'deferred' and not revivable then return true, false end
  -- RQ also notes dependencies that had ended before, so with its own jobs each is looked at.
  if redis.call('SCARD', dependencies_key(id)) == 0 then
    let_go(id, job)
  elseif revivable or not field(job, 'rota_static') then
    local met, broken = what_is_open(id, may_fail)
    if met then
      let_go(id, job)
    elseif revivable and broken then
      redis.call('HSET', job, 'rota_broken_by', broken)
    elseif revivable then
      put_off(id, job, 'waits for other runs')
      tell(id, job, 'scheduled', {reason = 'waits for other runs'})
    end
  end
  return true, false
end

-- An ended run releases, or ends, all that wait for it, and all that wait for those. What is more
-- than one step takes is left in `rota:settling`, for the scheduler to go on with.
local function settle_dependents(run_id)
  local work, left = {run_id}, DEPENDENTS_AT_ONCE
  while #work > 0 do
    local ended = table.remove(work)
    local waiting = members(dependents_key(ended))
    -- It may have been retried since it was left to the scheduler.
    if #waiting > 0 and standing(ended, true) == 'met' then
      for _, id in ipairs(waiting) do
        if left == 0 then redis.call('SADD', 'rota:settling', ended); break end
        local changed, gone = settle_one(id, ended)
        if changed then left = left - 1 end
        if gone then work[#work + 1] = id end
      end
    end
  end
end

-- A run is tried again: those that ended because of it wait for it again. What is more than one
-- step takes comes back when the run ends well.
local function revive_dependents(run_id)
  local work, left = {run_id}, DEPENDENTS_AT_ONCE
  while #work > 0 and left > 0 do
    local again = table.remove(work)
    for _, id in ipairs(members(dependents_key(again))) do
      local job = 'rq:job:' .. id
      if field(job, 'status') == 'canceled' and field(job, 'rota_broken_by') == again then
        local _, broken = what_is_open(id, field(job, 'allow_dependency_failures') == '1')
        if broken then
          redis.call('HSET', job, 'rota_broken_by', broken)
        else
          put_off(id, job, 'waits for run ' .. again)
          tell(id, job, 'scheduled', {reason = 'waits for run ' .. again})
          work[#work + 1] = id
          left = left - 1
        end
      end
    end
    redis.call('PERSIST', dependents_key(again))
  end
end

-- Advance schedules past a fire time, each with everything that follows, exactly once.
-- Replaying it changes nothing: the second call finds that the schedules have moved on.
-- ARGV: 1 lock value, then for each schedule a block: how many values follow, and those:
--       1 schedule id, 2 task id, 3 expected nominal (epoch s), 4 expected revision,
--       5 fire time or '' (nothing fires), 6 newest fire time passed, 7 next nominal or '',
--       8 next due (nominal + jitter) or '', 9 run id, 10 queue, 11 overlap policy,
--       12 static JSON of the run, 13 missed runs (as tell_missed takes them),
--       14 how many runs it has started with this one or '' (not counted), 15 1 if it may start
--       no more, then pairs of the job's hash
-- Answer: for each schedule FIRED, ADVANCED, SKIPPED, BUFFERED, or the reason why nothing changed:
--         FENCED, REPLAY, STALE, EARLY, PAUSED, DUPLICATE, or BROKEN and what is wrong
local PAIRS = 16

local function paused_by_anybody(task)
  local pauses = redis.call('HMGET', 'rota:pauses', '*', task)
  return pauses[1] or pauses[2]
end

-- Make room for the new run: end what is live of its task.
local function end_live_runs(task, reason)
  local live = 'rota:live:' .. task
  for _, other in ipairs(redis.call('SMEMBERS', live)) do
    local other_job = 'rq:job:' .. other
    local status = field(other_job, 'status')
    if status == 'queued' or status == 'scheduled' or status == 'deferred' then
      redis.call('SREM', live, other)
      withdraw(other, other_job, reason)
      settle_dependents(other)
    elseif status == 'started' then
      ask_to_stop(other, other_job, reason)
    end
  end
end

-- Let the fire time become a run, or say why it does not.
local function start(id, task, run_id, queue, at, policy, static, first, last)
  local job = 'rq:job:' .. run_id
  local skipped_by = field('rota:skips:' .. id, at)
  if skipped_by then
    redis.call('HDEL', 'rota:skips:' .. id, at)
    emit(run_id, 'skipped', 1, 0, static, cjson.encode({reason = 'skipped by ' .. skipped_by}))
    return 'SKIPPED'
  end
  if policy == 'cancel_other' then
    end_live_runs(task, 'overlap: run ' .. run_id .. ' takes its place')
  end
  local other = policy ~= 'allow' and live_run(task) or nil
  if job_exists(job) then return 'DUPLICATE' end
  if other and policy ~= 'skip' then
    local replaced = field('rota:buffered', task)
    buffer(task, run_id, static, other, job, first, last)
    if replaced and replaced ~= run_id then settle_dependents(replaced) end
    return 'BUFFERED'
  end
  if other then
    local running = field('rq:job:' .. other, 'status') == 'started'
    emit(run_id, 'skipped', 1, 0, static, cjson.encode({reason = 'overlap: run ' .. other ..
      (running and ' is still running' or ' has not ended, it still waits for a worker')}))
    return 'SKIPPED'
  end
  write_pairs(job, first, last)
  redis.call('SADD', 'rota:live:' .. task, run_id)
  push(queue, run_id, false)
  emit(run_id, 'queued', 1, 0, static, '{"queued_at":' .. now_text() .. '}')
  return 'FIRED'
end

local function fire(first, last)
  local id, task, nominal, revision, at, passed, next_nominal, next_due, run_id, queue, policy,
    static, missed, count, is_last = unpack(ARGV, first, first + PAIRS - 2)
  local schedule = 'rota:schedule:' .. id
  local held = redis.call('HMGET', schedule, 'last', 'nominal', 'revision')
  local dealt_with = tonumber(held[1] or '') or 0
  if held[2] ~= nominal or held[3] ~= revision then
    return dealt_with >= tonumber(passed) and 'REPLAY' or 'STALE'
  end
  -- Who fires what was computed in advance goes by a clock of its own.
  local due = redis.call('ZSCORE', 'rq:scheduler:scheduled_jobs', id)
  if not due or tonumber(due) * 1000 > now_ms() then return 'EARLY' end
  if paused_by_anybody(task) then return 'PAUSED' end

  -- After the server's clock was set back, or an edit, fire times come round that are dealt with.
  tell_missed(missed, dealt_with)
  local outcome = 'ADVANCED'
  if at ~= '' and tonumber(at) > dealt_with then
    outcome = start(id, task, run_id, queue, at, policy, static, first + PAIRS - 1, last)
  end
  local newest = dealt_with > tonumber(passed) and held[1] or passed
  local counts = count ~= '' and (outcome == 'FIRED' or outcome == 'BUFFERED')
  if counts then redis.call('HSET', schedule, 'fired', count) end
  if next_nominal == '' or (counts and is_last == '1') then
    redis.call('HSET', schedule, 'last', newest)
    redis.call('HDEL', schedule, 'nominal')
    redis.call('ZREM', 'rq:scheduler:scheduled_jobs', id)
  else
    redis.call('HSET', schedule, 'last', newest, 'nominal', next_nominal)
    redis.call('ZADD', 'rq:scheduler:scheduled_jobs', next_due, id)
  end
  return outcome
end

-- What the server refuses to everybody says nothing about this schedule.
local function refused_by_server(text)
  for _, code in ipairs({'OOM', 'READONLY', 'MISCONF', 'NOREPLICAS'}) do
    if text:find(code, 1, true) then return true end
  end
  return false
end

local leads = redis.call('GET', 'rq:scheduler_lock') == ARGV[1]
local outcomes, i = {}, 2
while i <= #ARGV do
  local length = tonumber(ARGV[i])
  if leads then
    local understood, outcome = pcall(fire, i + 1, i + length)
    if not understood then
      local text = type(outcome) == 'table' and outcome.err or tostring(outcome)
      if refused_by_server(text) then error(outcome) end
      outcome = 'BROKEN ' .. text
    end
    outcomes[#outcomes + 1] = outcome
  else
    outcomes[#outcomes + 1] = 'FENCED'
  end
  i = i + length + 1
end
return outcomes

-- Advance one schedule past a fire time, with everything that follows, exactly once.
-- Replaying it changes nothing: the second call finds that the schedule has moved on.
-- KEYS: rota:schedule:{id}, rq:job:{run}, rota:live:{task}
-- ARGV: 1 schedule id, 2 task id, 3 expected nominal (epoch s), 4 expected revision, 5 lock value,
--       6 fire time or '' (nothing fires), 7 newest fire time passed, 8 next nominal or '',
--       9 next due (nominal + jitter) or '', 10 run id, 11 queue, 12 overlap policy,
--       13 static JSON of the run, 14 missed runs: JSON list of [run id, static JSON, data JSON],
--       15 how many runs it has started with this one or '' (not counted), 16 1 if it may start
--       no more, then pairs of the job's hash
-- Answer: FIRED, ADVANCED, SKIPPED, BUFFERED, or the reason why nothing changed:
--         FENCED, REPLAY, STALE, PAUSED, DUPLICATE
local schedule, job, live = KEYS[1], KEYS[2], KEYS[3]
local id, task, run_id, queue = ARGV[1], ARGV[2], ARGV[10], ARGV[11]

if redis.call('GET', 'rq:scheduler_lock') ~= ARGV[5] then return 'FENCED' end
local last = field(schedule, 'last')
if last and tonumber(last) >= tonumber(ARGV[7]) then return 'REPLAY' end
if field(schedule, 'nominal') ~= ARGV[3] or field(schedule, 'revision') ~= ARGV[4] then
  return 'STALE'
end
if redis.call('HEXISTS', 'rota:pauses', '*') == 1 or redis.call('HEXISTS', 'rota:pauses', task) == 1 then
  return 'PAUSED'
end

-- Make room for the new run: end what is live of its task.
local function end_live_runs(reason)
  for _, other in ipairs(redis.call('SMEMBERS', live)) do
    local other_job = 'rq:job:' .. other
    local status = field(other_job, 'status')
    if status == 'queued' or status == 'scheduled' then
      redis.call('SREM', live, other)
      withdraw(other, other_job, reason)
    elseif status == 'started' then
      ask_to_stop(other, other_job, reason)
    end
  end
end

for _, missed in ipairs(cjson.decode(ARGV[14])) do
  emit(missed[1], 'missed', 1, 0, missed[2], missed[3])
end

local outcome = 'ADVANCED'
if ARGV[6] ~= '' then
  local skipped_by = field('rota:skips:' .. id, ARGV[6])
  local policy = ARGV[12]
  if policy == 'cancel_other' and not skipped_by then
    end_live_runs('overlap: run ' .. run_id .. ' takes its place')
  end
  local other = policy ~= 'allow' and live_run(task) or nil
  if skipped_by then
    outcome = 'SKIPPED'
    redis.call('HDEL', 'rota:skips:' .. id, ARGV[6])
    emit(run_id, 'skipped', 1, 0, ARGV[13], cjson.encode({reason = 'skipped by ' .. skipped_by}))
  elseif redis.call('EXISTS', job) == 1 then
    outcome = 'DUPLICATE'
  elseif other and policy ~= 'skip' then
    outcome = 'BUFFERED'
    buffer(task, run_id, ARGV[13], other, job, 17)
  elseif other then
    outcome = 'SKIPPED'
    local running = field('rq:job:' .. other, 'status') == 'started'
    emit(run_id, 'skipped', 1, 0, ARGV[13], cjson.encode({reason = 'overlap: run ' .. other ..
      (running and ' is still running' or ' has not ended, it still waits for a worker')}))
  else
    outcome = 'FIRED'
    write_pairs(job, 17)
    redis.call('SADD', live, run_id)
    push(queue, run_id, false)
    emit(run_id, 'queued', 1, 0, ARGV[13],
      '{"queued_at":' .. string.format('%.0f', now_ms()) .. '}')
  end
end

redis.call('HSET', schedule, 'last', ARGV[7])
local counts = ARGV[15] ~= '' and (outcome == 'FIRED' or outcome == 'BUFFERED')
if counts then redis.call('HSET', schedule, 'fired', ARGV[15]) end
if ARGV[8] == '' or (counts and ARGV[16] == '1') then
  redis.call('HDEL', schedule, 'nominal')
  redis.call('ZREM', 'rq:scheduler:scheduled_jobs', id)
else
  redis.call('HSET', schedule, 'nominal', ARGV[8])
  redis.call('ZADD', 'rq:scheduler:scheduled_jobs', ARGV[9], id)
end
return outcome

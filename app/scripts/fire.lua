-- Advance one schedule past a fire time, with everything that follows, exactly once.
-- Replaying it changes nothing: the second call finds that the schedule has moved on.
-- KEYS: rota:schedule:{id}, rq:job:{run}, rota:live:{task}
-- ARGV: 1 schedule id, 2 task id, 3 expected nominal (epoch s), 4 expected revision, 5 lock value,
--       6 fire time or '' (nothing fires), 7 newest fire time passed, 8 next nominal or '',
--       9 next due (nominal + jitter) or '', 10 run id, 11 queue, 12 overlap policy,
--       13 static JSON of the run, 14 missed runs: JSON list of [run id, static JSON, data JSON],
--       then pairs of the job's hash
-- Answer: FIRED, ADVANCED, SKIPPED, or the reason why nothing changed:
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

-- A run is live until it ends; ids of runs that are gone or ended without us are dropped here.
local function live_run()
  for _, other in ipairs(redis.call('SMEMBERS', live)) do
    local status = field('rq:job:' .. other, 'status')
    if status == 'queued' or status == 'started' or status == 'scheduled' or status == 'deferred' then
      return other
    end
    redis.call('SREM', live, other)
  end
  return nil
end

for _, missed in ipairs(cjson.decode(ARGV[14])) do
  emit(missed[1], 'missed', 1, 0, missed[2], missed[3])
end

local outcome = 'ADVANCED'
if ARGV[6] ~= '' then
  local skipped_by = field('rota:skips:' .. id, ARGV[6])
  local other = ARGV[12] == 'skip' and live_run() or nil
  if skipped_by then
    outcome = 'SKIPPED'
    redis.call('HDEL', 'rota:skips:' .. id, ARGV[6])
    emit(run_id, 'skipped', 1, 0, ARGV[13], cjson.encode({reason = 'skipped by ' .. skipped_by}))
  elseif other then
    outcome = 'SKIPPED'
    emit(run_id, 'skipped', 1, 0, ARGV[13],
      cjson.encode({reason = 'overlap: run ' .. other .. ' has not ended'}))
  elseif redis.call('EXISTS', job) == 1 then
    outcome = 'DUPLICATE'
  else
    outcome = 'FIRED'
    write_pairs(job, 15)
    redis.call('SADD', live, run_id)
    push(queue, run_id, false)
    emit(run_id, 'queued', 1, 0, ARGV[13],
      '{"queued_at":' .. string.format('%.0f', now_ms()) .. '}')
  end
end

redis.call('HSET', schedule, 'last', ARGV[7])
if ARGV[8] == '' then
  redis.call('HDEL', schedule, 'nominal')
  redis.call('ZREM', 'rq:scheduler:scheduled_jobs', id)
else
  redis.call('HSET', schedule, 'nominal', ARGV[8])
  redis.call('ZADD', 'rq:scheduler:scheduled_jobs', ARGV[9], id)
end
return outcome

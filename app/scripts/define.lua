-- Make one schedule in Redis what SQL says; an unchanged one keeps its due, unfired time.
-- KEYS: rota:schedule:{id}, rq:job:{id} (the template that rq-scheduler lists)
-- ARGV: 1 schedule id, 2 definition JSON, 3 revision, 4 nominal seen by the caller or '',
--       5 newest fire time SQL knows or '', 6 wanted: 'active', 'paused',
--       7 nominal it should have or '', 8 its due time (nominal + jitter) or '',
--       9 how many of its counted runs it has started, 10 since which revision,
--       11 revision of the decisions, 12 1 to write in any case, 13 fire times that a pause
--       overtook (as tell_missed takes them), then pairs of the template's hash
-- Answer: SAME, CHANGED, STALE (somebody moved the schedule meanwhile: read and try again), or
--         OLDER (what is here was decided later: read SQL again)
local schedule, template = KEYS[1], KEYS[2]
local nominal = field(schedule, 'nominal') or ''
if nominal ~= ARGV[4] then return 'STALE' end

local decided = tonumber(field(schedule, 'decided') or '') or -1
if decided > tonumber(ARGV[11]) and ARGV[12] ~= '1' then return 'OLDER' end

local last = field(schedule, 'last')
local behind = ARGV[5] ~= '' and (tonumber(last or '') or -1) < tonumber(ARGV[5])
local same = field(schedule, 'revision') == ARGV[3] and not behind
local due = redis.call('ZSCORE', 'rq:scheduler:scheduled_jobs', ARGV[1])

if not job_exists(template) or not same then
  redis.call('DEL', template)
  write_pairs(template, 14)
end
redis.call('HSET', schedule, 'definition', ARGV[2], 'revision', ARGV[3], 'fired', ARGV[9],
  'fired_since', ARGV[10], 'decided', ARGV[11])
if behind then redis.call('HSET', schedule, 'last', ARGV[5]) end
local dealt_with = tonumber(field(schedule, 'last') or '') or 0
local newest = tell_missed(ARGV[13], dealt_with)
if newest > dealt_with then redis.call('HSET', schedule, 'last', string.format('%.0f', newest)) end

if ARGV[6] == 'paused' then
  redis.call('HDEL', schedule, 'nominal')
  redis.call('ZREM', 'rq:scheduler:scheduled_jobs', ARGV[1])
  return due and 'CHANGED' or 'SAME'
end
if same and nominal == ARGV[7] and (due or '') == ARGV[8] then return 'SAME' end
if ARGV[7] == '' then
  redis.call('HDEL', schedule, 'nominal')
  redis.call('ZREM', 'rq:scheduler:scheduled_jobs', ARGV[1])
else
  redis.call('HSET', schedule, 'nominal', ARGV[7])
  redis.call('ZADD', 'rq:scheduler:scheduled_jobs', ARGV[8], ARGV[1])
end
wake_scheduler()
return 'CHANGED'

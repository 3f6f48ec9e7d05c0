-- What is due now, in one round trip.
-- ARGV: lock value of the caller, how many schedules at most, then names of queues
-- Answer: {now ms, incarnation, caller leads (0/1), everything paused (0/1), next due ms or '',
--          due runs {queue, run id}, due schedules as of schedule_rows,
--          '' or when something was set aside that is to be built again}
local now = now_ms()
local seconds = now / 1000
local paused = redis.call('HEXISTS', 'rota:pauses', '*')
local next_due = ''
local function consider(score)
  -- Beyond the year 9999 there is nothing to wait for; a stranger may have written `inf`.
  if tonumber(score) > 253402300799 then return end
  if next_due == '' or tonumber(score) * 1000 < next_due then next_due = tonumber(score) * 1000 end
end

local runs = {}
for i = 3, #ARGV do
  local key = 'rq:scheduled:' .. ARGV[i]
  local due = redis.pcall('ZRANGEBYSCORE', key, '-inf', seconds, 'LIMIT', 0, 500)
  if not due.err then
    for _, id in ipairs(due) do runs[#runs + 1] = {ARGV[i], id} end
    local after = redis.call('ZRANGEBYSCORE', key, '(' .. seconds, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    if after[2] then consider(after[2]) end
  end
end

local held = redis.call('ZRANGE', 'rota:held', 0, 0, 'WITHSCORES')
if held[2] and tonumber(held[2]) > seconds then consider(held[2]) end

local schedules = {}
if paused == 0 then
  schedules = schedule_rows('-inf', seconds, tonumber(ARGV[2]))
  local after = redis.call('ZRANGEBYSCORE', 'rq:scheduler:scheduled_jobs', '(' .. seconds, '+inf',
    'WITHSCORES', 'LIMIT', 0, 1)
  if after[2] then consider(after[2]) end
end

return {string.format('%.0f', now), redis.call('GET', 'rota:incarnation') or '',
  redis.call('GET', 'rq:scheduler_lock') == ARGV[1] and 1 or 0, paused,
  next_due == '' and '' or string.format('%.0f', next_due), runs, schedules,
  redis.call('GET', 'rota:mended') or ''}

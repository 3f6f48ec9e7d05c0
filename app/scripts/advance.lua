-- Write how one execution ended and take the worker's next run, in one step; either may be left out.
-- KEYS: 1 rq:worker:{name}, 2 rq:worker:{name}:executions, then those of `finish` (finish.lua)
-- ARGV: 1 worker name, 2 how many other executions the worker has going on, 3 1 to tell RQ's
--       readers what it does now, 4 from how many queues to take (0: take nothing), then what
--       `take` (take.lua) and `finish` want
-- Answer: {what finish says or '', what take says…}; take says {'suspended', '', '', ''} while
--         RQ's workers are told to rest
local first = 13 + tonumber(ARGV[4])
local finished = ARGV[first] and finish(first) or ''
local taken = nil
if ARGV[4] ~= '0' then
  taken = redis.call('EXISTS', 'rq:suspended') == 1 and {'suspended', '', '', ''} or take()
end
if taken and taken[1] == 'run' then
  if ARGV[3] == '1' then redis.call('HSET', KEYS[1], 'state', 'busy', 'current_job', taken[3]) end
elseif finished ~= '' and redis.call('EXISTS', KEYS[1]) == 1 then
  -- RQ's readers know one run of a worker: the one that ended gives way to another.
  local other = ARGV[2] ~= '0' and redis.call('SRANDMEMBER', KEYS[2])
  if other then
    redis.call('HSET', KEYS[1], 'current_job', string.match(other, '^(.*):'))
  else
    redis.call('HSET', KEYS[1], 'state', 'idle')
    redis.call('HDEL', KEYS[1], 'current_job')
  end
end
if not taken then return {finished} end
return {finished, unpack(taken)}

-- Take or keep the lead. The lock only saves work: no promise rests on it.
-- ARGV: 1 lock value held or '', 2 scheduler name, 3 milliseconds it lasts
-- Answer: the lock value while the caller leads, else ''
local held = redis.call('GET', 'rq:scheduler_lock')
if held and redis.call('PTTL', 'rq:scheduler_lock') == -1 then
  -- Nobody's lock lasts for ever: it would keep every scheduler standing by.
  set_key_aside('rq:scheduler_lock', 'a lock without an end')
  held = false
end
if held and held == ARGV[1] then
  redis.call('PEXPIRE', 'rq:scheduler_lock', ARGV[3])
  return held
end
if held then return '' end
local value = ARGV[2] .. ':' .. redis.call('INCR', 'rota:leader_epoch')
redis.call('SET', 'rq:scheduler_lock', value, 'PX', ARGV[3])
return value

-- Put what cannot be handled out of the way, whole, so that its neighbours go on.
-- KEYS: the list or zset it stands in
-- ARGV: its member there, name in the quarantine, JSON {reason, at, …}
-- Answer: 1 when it was there, else 0
local kind = redis.call('TYPE', KEYS[1])['ok']
local removed = 0
if kind == 'list' then removed = redis.call('LREM', KEYS[1], 1, ARGV[1])
elseif kind == 'zset' then removed = redis.call('ZREM', KEYS[1], ARGV[1]) end
if removed > 0 then
  redis.call('HSET', 'rota:quarantine', ARGV[2], ARGV[3])
  redis.call('INCR', 'rota:changes')
  return 1
end
return 0

-- Put a whole key out of the way.
-- KEYS: the key
-- ARGV: reason
-- Answer: 1 when it was there, else 0
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
set_key_aside(KEYS[1], ARGV[1])
return 1

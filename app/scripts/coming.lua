-- Every schedule with when it fires next, the soonest first. Changes nothing.
-- KEYS: 1 the schedule
-- Answer: {id, due in seconds, …}: flat, because a client reads ten thousand pairs slowly
return redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')

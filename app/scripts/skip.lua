-- Note who skips one coming fire time.
-- KEYS: rota:skips:{schedule}
-- ARGV: fire time (epoch s), by whom, seconds to keep it
-- Answer: 1
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1

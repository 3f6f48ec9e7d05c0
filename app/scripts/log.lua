-- Append lines to a run's log.
-- KEYS: rota:log:{run}, rq:job:{run}
-- ARGV: 1 how many lines the cap has left out so far, 2 seconds to keep the log, then the lines
-- Answer: 1
for i = 3, #ARGV do redis.call('RPUSH', KEYS[1], ARGV[i]) end
redis.call('EXPIRE', KEYS[1], ARGV[2])
-- A job that Redis lost must stay gone, else nobody would notice and start it again.
if ARGV[1] ~= '0' and redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HSET', KEYS[2], 'rota_log_dropped', ARGV[1])
end
redis.call('INCR', 'rota:changes')
return 1

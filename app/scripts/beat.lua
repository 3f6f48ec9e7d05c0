-- A worker's sign of life for one execution.
-- KEYS: rq:job:{run}
-- ARGV: 1 queue, 2 run id, 3 execution id, 4 seconds a worker may be silent, 5 seconds until RQ
--       calls it abandoned, 6 now as RQ writes it, 7 progress JSON or '', 8 worker name
-- Answer: OK, STOP (a person or the overlap policy wants it ended), FENCED (the run was recovered,
--         ended, or another execution has it), or GONE (Redis lost it)
local current = field(KEYS[1], 'rota_execution')
if not current and redis.call('EXISTS', KEYS[1]) == 0 then return 'GONE' end
if current ~= ARGV[3] or field(KEYS[1], 'status') ~= 'started' then return 'FENCED' end
local now = now_ms() / 1000
local member = ARGV[2] .. ':' .. ARGV[3]
local ttl = tonumber(ARGV[5])
redis.call('ZADD', 'rota:liveness', now + tonumber(ARGV[4]), ARGV[1] .. '|' .. ARGV[2] .. '|' .. ARGV[3])
redis.call('ZADD', 'rq:wip:' .. ARGV[1], now + ttl, member)
redis.call('HSET', 'rq:execution:' .. member, 'id', ARGV[3], 'job_id', ARGV[2], 'last_heartbeat', now,
  'worker_name', ARGV[8])
redis.call('HSETNX', 'rq:execution:' .. member, 'created_at', now)
redis.call('EXPIRE', 'rq:execution:' .. member, ttl)
redis.call('ZADD', 'rq:executions:' .. ARGV[2], now + ttl + 60, ARGV[3])
redis.call('EXPIRE', 'rq:executions:' .. ARGV[2], ttl + 60)
redis.call('HSET', KEYS[1], 'last_heartbeat', ARGV[6])
if ARGV[7] ~= '' then redis.call('HSET', KEYS[1], 'rota_progress', ARGV[7]) end
return redis.call('HGET', KEYS[1], 'rota_stop') and 'STOP' or 'OK'

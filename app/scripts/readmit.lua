-- Register a running execution again after Redis lost it; whoever came first stays.
-- KEYS: rq:job:{run}, rota:live:{task}
-- ARGV: 1 queue, 2 run id, 3 execution id, 4 seconds a worker may be silent,
--       5 revision, 6 attempt, 7 static JSON, 8 started at (epoch ms), 9 worker,
--       10 limit of its task, JSON [at once, starts, within seconds] or '',
--       then pairs of the job's hash as it was when it started
-- Answer: OK or DUPLICATE
if job_exists(KEYS[1]) then return 'DUPLICATE' end
write_pairs(KEYS[1], 11)
redis.call('HSET', KEYS[1], 'status', 'started', 'rota_execution', ARGV[3], 'rota_revision', ARGV[5],
  'rota_attempt', ARGV[6])
redis.call('SADD', 'rq:queues', 'rq:queue:' .. ARGV[1])
redis.call('SADD', KEYS[2], ARGV[2])
redis.call('ZADD', 'rota:liveness', now_ms() / 1000 + tonumber(ARGV[4]),
  ARGV[1] .. '|' .. ARGV[2] .. '|' .. ARGV[3])
local task = string.sub(KEYS[2], string.len('rota:live:') + 1)
if ARGV[10] ~= '' then
  local member = ARGV[1] .. '|' .. ARGV[2] .. '|' .. ARGV[3]
  occupy(task, cjson.decode(ARGV[10]), member, tonumber(ARGV[8]) / 1000)
end
emit(ARGV[2], 'running', ARGV[5], ARGV[6], ARGV[7],
  '{"started_at":' .. ARGV[8] .. ',"worker":' .. cjson.encode(ARGV[9]) .. '}')
return 'OK'

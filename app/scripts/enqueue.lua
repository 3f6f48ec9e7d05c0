-- Accept one run: into its queue now, or among the delayed ones. Replaying it changes nothing.
-- KEYS: rq:job:{run}, rota:live:{task}
-- ARGV: 1 run id, 2 queue, 3 due (epoch s) or '', 4 revision, 5 attempts used, 6 static JSON,
--       then pairs of the job's hash
-- Answer: QUEUED, SCHEDULED or DUPLICATE
if job_exists(KEYS[1]) then return 'DUPLICATE' end
write_pairs(KEYS[1], 7)
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('SADD', 'rq:queues', 'rq:queue:' .. ARGV[2])
local now = now_text()
if ARGV[3] ~= '' and tonumber(ARGV[3]) * 1000 > tonumber(now) then
  redis.call('HSET', KEYS[1], 'status', 'scheduled')
  redis.call('ZADD', 'rq:scheduled:' .. ARGV[2], ARGV[3], ARGV[1])
  emit(ARGV[1], 'scheduled', ARGV[4], ARGV[5], ARGV[6], '{}')
  wake_scheduler()
  return 'SCHEDULED'
end
push(ARGV[2], ARGV[1], field(KEYS[1], 'enqueue_at_front') == '1')
emit(ARGV[1], 'queued', ARGV[4], ARGV[5], ARGV[6], '{"queued_at":' .. now .. '}')
return 'QUEUED'

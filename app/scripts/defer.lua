-- Accept one run that waits for others. Replaying it changes nothing.
-- KEYS: rq:job:{run}, rota:live:{task}
-- ARGV: 1 run id, 2 queue, 3 revision, 4 attempts used, 5 static JSON, 6 1 where its dependencies
--       may fail, 7 what to do with dependencies that Redis does not hold: 'refuse', or 'expect'
--       them, 8 one that is known to have failed or '', 9 how many dependencies, their ids, then
--       pairs of the job's hash
-- Answer: DEFERRED, QUEUED (all had ended), CANCELLED (one had failed), DUPLICATE, or
--         MISSING and the id of one that Redis does not hold (nothing changed)
local run_id, may_fail, count = ARGV[1], ARGV[6] == '1', tonumber(ARGV[9])
if job_exists(KEYS[1]) then return 'DUPLICATE' end
local open, broken = {}, ARGV[8] ~= '' and ARGV[8] or nil
for i = 10, 9 + count do
  local there = field('rq:job:' .. ARGV[i], 'status')
  if not there and ARGV[7] == 'refuse' then return 'MISSING ' .. ARGV[i] end
  local state = there and standing(ARGV[i], may_fail) or 'open'
  if state ~= 'met' then open[#open + 1] = ARGV[i] end
  if state == 'broken' then broken = ARGV[i] end
end

write_pairs(KEYS[1], 10 + count)
redis.call('SADD', KEYS[2], run_id)
for _, other in ipairs(open) do
  redis.call('SADD', dependents_key(other), run_id)
  redis.call('SADD', dependencies_key(run_id), other)
end
if #open == 0 and not broken then
  local now = now_text()
  redis.call('HSET', KEYS[1], 'rota_released_at', now)
  push(ARGV[2], run_id, field(KEYS[1], 'enqueue_at_front') == '1')
  emit(run_id, 'queued', ARGV[3], ARGV[4], ARGV[5], '{"queued_at":' .. now .. '}')
  return 'QUEUED'
end
local reason = #open == 1 and 'waits for run ' .. open[1] or 'waits for ' .. #open .. ' runs'
put_off(run_id, KEYS[1], reason)
emit(run_id, 'scheduled', ARGV[3], ARGV[4], ARGV[5], cjson.encode({reason = reason}))
if broken then
  give_up(run_id, KEYS[1], broken)
  return 'CANCELLED'
end
return 'DEFERRED'

-- Give up a run that its worker took and cannot read: it ends as failed, whole, for people to see.
-- KEYS: rq:job:{run}, rq:worker:{name}:executions
-- ARGV: 1 queue, 2 run id, 3 execution id, 4 name in the quarantine, 5 JSON {reason, at, …}
-- Answer: 1 when it did, else 0
if field(KEYS[1], 'rota_execution') ~= ARGV[3] then return 0 end
local member = ARGV[2] .. ':' .. ARGV[3]
redis.call('HDEL', KEYS[1], 'rota_execution')
redis.call('HSET', KEYS[1], 'status', 'failed')
redis.call('ZREM', 'rq:wip:' .. ARGV[1], member)
redis.call('ZREM', 'rota:liveness', ARGV[1] .. '|' .. ARGV[2] .. '|' .. ARGV[3])
redis.call('ZREM', 'rq:executions:' .. ARGV[2], ARGV[3])
redis.call('DEL', 'rq:execution:' .. member)
redis.call('SREM', KEYS[2], member)
-- Else it would count as live, and its task would never fire again.
local task = decoded(field(KEYS[1], 'rota_static')).task_id
if type(task) == 'string' then
  redis.call('SREM', 'rota:live:' .. task, ARGV[2])
  release_buffered(task)
end
settle_dependents(ARGV[2])
if type(task) == 'string' then vacate(task, ARGV[1] .. '|' .. ARGV[2] .. '|' .. ARGV[3], false) end
redis.call('HSET', 'rota:quarantine', ARGV[4], ARGV[5])
redis.call('INCR', 'rota:changes')
return 1

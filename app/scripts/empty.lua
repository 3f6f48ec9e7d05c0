-- Take waiting runs out of one queue, some at a time. A foreign job leaves it too; its hash stays
-- a day, so that it can be queued again.
-- KEYS: rq:queue:{name}
-- ARGV: how many at most, reason
-- Answer: how many left the queue
local left = 0
while left < tonumber(ARGV[1]) do
  local id = redis.pcall('LPOP', KEYS[1])
  if type(id) ~= 'string' then break end
  left = left + 1
  local job = 'rq:job:' .. id
  if field(job, 'status') == 'queued' then
    local static = field(job, 'rota_static')
    redis.call('HSET', job, 'status', 'canceled')
    redis.call('EXPIRE', job, 86400)
    settle_dependents(id)
    local task = decoded(static).task_id
    if type(task) == 'string' then
      emit(id, 'cancelled', next_revision(job), attempts_of(job), static,
        cjson.encode({reason = ARGV[2]}))
      redis.call('SREM', 'rota:live:' .. task, id)
      release_buffered(task)
    end
  end
end
redis.call('INCR', 'rota:changes')
return left

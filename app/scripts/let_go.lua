-- Put runs back that were held by their task's limits and may start now.
-- ARGV: the limits of the catalogue, JSON {task: [at once, starts, within seconds]}, 1 to look at all
--       tasks that hold runs, 0 at those whose time has come
-- Answer: how many tasks were looked at
local limits = decoded(ARGV[1])
local until_when = ARGV[2] == '1' and '+inf' or now_ms() / 1000
local tasks = redis.call('ZRANGEBYSCORE', 'rota:held', '-inf', until_when, 'LIMIT', 0, 100)
for _, task in ipairs(tasks) do
  -- Whoever is not alive any more, and was not seen to end, holds no place.
  for _, member in ipairs(redis.call('SMEMBERS', 'rota:slots:' .. task)) do
    if not redis.call('ZSCORE', 'rota:liveness', member) then
      redis.call('SREM', 'rota:slots:' .. task, member)
    end
  end
  let_held_go(task, limits[task] or {0, 0, 0})
end
return #tasks

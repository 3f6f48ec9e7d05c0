-- The schedules with a score from `low` to `high`, each
-- {id, definition, revision, nominal, runs counted, since which revision}.
local function schedule_rows(low, high, limit)
  local rows = {}
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'rq:scheduler:scheduled_jobs', low, high,
      'LIMIT', 0, limit)) do
    local held = redis.pcall('HMGET', 'rota:schedule:' .. id, 'definition', 'revision', 'nominal',
      'fired', 'fired_since')
    if held.err then held = {} end
    local row = {id}
    for i = 1, 5 do row[i + 1] = held[i] or '' end
    rows[#rows + 1] = row
  end
  return rows
end


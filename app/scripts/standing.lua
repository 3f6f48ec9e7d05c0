-- How processes and queues stand, and when schedules fire next, in one round trip. Changes nothing.
-- ARGV: 1 how many names of queues follow, the names, then ids of schedules
-- Answer: {schedulers {name, note, …}, how much stands in quarantine,
--          workers {{key, hash, {run:execution, …}}, …},
--          queues {{name, waiting, enqueued_at of the oldest or '', running, delayed, deferred,
--            failed, finished, cancelled}, …},
--          nominal fire time of each schedule or '', 'suspended' or '',
--          the next fire time of all that nobody skips, or '', what safety says}
local function count(command, key)
  local answer = redis.pcall(command, key)
  return type(answer) == 'number' and answer or 0
end

-- What is of another type than it should be counts as empty: garbage must not hide the rest.
local function rows(command, key)
  local answer = redis.pcall(command, key)
  return type(answer) == 'table' and not answer.err and answer or {}
end

local workers = {}
for _, key in ipairs(rows('SMEMBERS', 'rq:workers')) do
  local hash = rows('HGETALL', key)
  if #hash > 0 then workers[#workers + 1] = {key, hash, rows('SMEMBERS', key .. ':executions')} end
end

local names, seen = {}, {}
local function add(name)
  if not seen[name] then seen[name] = true; names[#names + 1] = name end
end
local last = 1 + tonumber(ARGV[1])
for i = 2, last do add(ARGV[i]) end
for _, key in ipairs(rows('SMEMBERS', 'rq:queues')) do add((string.gsub(key, '^rq:queue:', ''))) end

local queues = {}
for _, name in ipairs(names) do
  local oldest = redis.pcall('LINDEX', 'rq:queue:' .. name, 0)
  queues[#queues + 1] = {name, count('LLEN', 'rq:queue:' .. name),
    type(oldest) == 'string' and field('rq:job:' .. oldest, 'enqueued_at') or '',
    count('ZCARD', 'rq:wip:' .. name), count('ZCARD', 'rq:scheduled:' .. name),
    count('ZCARD', 'rq:deferred:' .. name), count('ZCARD', 'rq:failed:' .. name),
    count('ZCARD', 'rq:finished:' .. name), count('ZCARD', 'rq:canceled:' .. name)}
end

-- Whether what is here may vanish, of INFO; '' where the server does not say.
local function safety()
  local function told(text, name)
    return type(text) == 'string' and string.match(text, name .. ':([^\r\n]*)') or ''
  end
  local kept = redis.pcall('INFO', 'persistence')
  local unsaved = told(kept, 'aof_enabled') == '0' and told(kept, 'rdb_changes_since_last_save') ~= '0'
  return {told(redis.pcall('INFO', 'memory'), 'maxmemory_policy'),
    unsaved and told(kept, 'rdb_last_save_time') or ''}
end

local nominals = {}
for i = last + 1, #ARGV do
  nominals[#nominals + 1] = field('rota:schedule:' .. ARGV[i], 'nominal') or ''
end

local next_fire = ''
for _, id in ipairs(rows('ZRANGE', 'rq:scheduler:scheduled_jobs', 0, 19)) do
  local nominal = field('rota:schedule:' .. id, 'nominal') or ''
  local plain = #nominal < 12 and string.match(nominal, '^%d+$')
  local earlier = plain and (next_fire == '' or tonumber(nominal) < tonumber(next_fire))
  if earlier and redis.pcall('HEXISTS', 'rota:skips:' .. id, nominal) ~= 1 then
    next_fire = nominal
  end
end

return {rows('HGETALL', 'rota:schedulers'), count('HLEN', 'rota:quarantine'), workers, queues,
  nominals, redis.call('EXISTS', 'rq:suspended') == 1 and 'suspended' or '', next_fire, safety()}

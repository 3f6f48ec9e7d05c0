-- Stands before every script.

-- The server's clock in milliseconds: hosts' clocks differ, so nothing here trusts them.
-- It stands still while a script runs, so one question is enough.
local clock
local function now_ms()
  if not clock then
    local t = redis.call('TIME')
    clock = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
  end
  return clock
end

-- The same as text, with all its digits.
local clock_text
local function now_text()
  clock_text = clock_text or string.format('%.0f', now_ms())
  return clock_text
end

-- A script that fails half way takes nothing back. So no write of ours may fail by what it finds:
-- a key that is of another type, or no counter, is renamed to `rota:set_aside:<key>` with a note
-- for people, and the write goes on with an empty key. What belongs there is built again by the
-- leader, which `rota:mended` tells (rejoining.py). Any other error still ends the script; the
-- server raises those (no memory, a full disk, a replica) before the first write only.
local server = redis
local redis = {pcall = server.pcall, error_reply = server.error_reply}

local function set_key_aside(key, reason)
  local now = now_text()
  local place = 'rota:set_aside:' .. key
  if server.call('EXISTS', place) == 1 then place = place .. ':' .. now end
  server.call('RENAME', key, place)
  if key == 'rota:pauses' then
    -- Until SQL's pauses are back, nothing may fire that somebody paused.
    server.call('HSET', key, '*', '{"by": "rota", "reason": "the pauses are being restored"}')
  elseif key == 'rota:events' then
    -- Positions in the old stream mean nothing in the new one: this Redis has another content.
    redis.call('DEL', 'rota:incarnation')
  end
  redis.call('HSET', 'rota:quarantine', key,
    cjson.encode({reason = reason, at = tonumber(now), place = place}))
  server.call('SET', 'rota:mended', now)
end

local function type_of(key) return server.call('TYPE', key)['ok'] end

-- What an error says about the key itself, nil where it is not the key's fault.
local function fault(command, key, message)
  if string.find(message, 'WRONGTYPE', 1, true) then return 'it is a ' .. type_of(key) end
  if command == 'INCR' and (string.find(message, 'not an integer', 1, true)
    or string.find(message, 'overflow', 1, true)) then
    return 'it is no counter'
  end
  if command == 'XADD' and (string.find(message, 'equal or smaller', 1, true)
    or string.find(message, 'exhausted', 1, true)) then
    return 'it takes no more entries'
  end
  return nil
end

function redis.call(command, ...)
  local answer = server.pcall(command, ...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  local key = ...
  local reason = key and fault(command, key, answer.err)
  if reason then set_key_aside(key, reason) end
  return server.call(command, ...)
end

-- Whether there is such a job. What else bears its name is set aside.
local function job_exists(job)
  local kind = type_of(job)
  if kind == 'hash' or kind == 'none' then return kind == 'hash' end
  set_key_aside(job, 'it is a ' .. kind .. ', not a job')
  return false
end

-- One event a state change, with all that the run's row needs.
-- `static` is what never changes about a run, `data` what this change brought, both JSON objects.
local changes_told
local function emit(run_id, status, revision, attempt, static, data)
  redis.call('XADD', 'rota:events', '*', 'run', run_id, 'status', status,
    'revision', revision, 'attempt', attempt, 'at', now_text(), 'static', static, 'data', data)
  -- Nobody can look before the script has ended, so once is enough.
  if not changes_told then redis.call('INCR', 'rota:changes') end
  changes_told = true
end

-- Tell the history of fire times that do not run, but for those that were dealt with before.
-- `missed` is a JSON list of [run id, static JSON, data JSON, fire time (epoch s)].
-- Return the newest fire time that is dealt with now.
local function tell_missed(missed, dealt_with)
  local newest = dealt_with
  if missed == '[]' then return newest end
  for _, each in ipairs(cjson.decode(missed)) do
    if each[4] > dealt_with then
      emit(each[1], 'missed', 1, 0, each[2], each[3])
      newest = math.max(newest, each[4])
    end
  end
  return newest
end

-- Wake one waiting worker. Tokens are only a hint, so a few are enough, and cutting them back
-- once a script is too.
local woken = {}
local function wake_worker(queue)
  local key = 'rota:ready:' .. queue
  redis.call('LPUSH', key, '1')
  if not woken[queue] then redis.call('LTRIM', key, 0, 63) end
  woken[queue] = true
end

local function wake_scheduler()
  redis.call('LPUSH', 'rota:wake', '1')
  redis.call('LTRIM', 'rota:wake', 0, 0)
end

-- Put a run's job at the end (or the front) of its queue.
local listed = {}
local function push(queue, run_id, at_front)
  if not listed[queue] then redis.call('SADD', 'rq:queues', 'rq:queue:' .. queue) end
  listed[queue] = true
  redis.call(at_front and 'LPUSH' or 'RPUSH', 'rq:queue:' .. queue, run_id)
  wake_worker(queue)
end

-- Write pairs from ARGV[first] on, up to ARGV[last] or the end, into a hash.
local function write_pairs(key, first, last)
  redis.call('HSET', key, unpack(ARGV, first, last or #ARGV))
end

-- JSON as a table; garbage is an empty one.
local function decoded(text)
  local read, value = pcall(cjson.decode, text or '{}')
  return read and type(value) == 'table' and value or {}
end

-- HGET that answers nil for a missing field or a key of another type.
local function field(key, name)
  local answer = redis.pcall('HGET', key, name)
  if type(answer) == 'string' then return answer end
  return nil
end

-- Text as a count that SQL's columns take, nil for anything else.
local function whole(text)
  if type(text) ~= 'string' or not string.find(text, '^%d+$') then return nil end
  local number = tonumber(text)
  return number < 2147483647 and number or nil
end

-- The count after this one. Where it is garbage, the seconds of the clock: more than any real one,
-- so that the history takes what comes.
local function counted_up(text)
  return (text and (whole(text) or math.floor(now_ms() / 1000)) or 0) + 1
end

-- Count up a run's revision.
local function next_revision(job)
  local revision = counted_up(field(job, 'rota_revision'))
  redis.call('HSET', job, 'rota_revision', revision)
  return revision
end

-- How many attempts a run has used, as far as can be read.
local function attempts_of(job) return whole(field(job, 'rota_attempt')) or 0 end

-- Return one run of the task that has not ended; ids of runs that are gone, or ended without us,
-- are dropped from the set.
local function live_run(task)
  local live = 'rota:live:' .. task
  -- After Redis lost everything: a run that its worker still executes and will register again.
  local awaited = redis.call('GET', 'rota:awaited:' .. task)
  if awaited and redis.call('EXISTS', 'rq:job:' .. awaited) == 0 then return awaited end
  for _, other in ipairs(redis.call('SMEMBERS', live)) do
    local status = field('rq:job:' .. other, 'status')
    if status == 'queued' or status == 'started' or status == 'scheduled' or status == 'deferred' then
      return other
    end
    redis.call('SREM', live, other)
  end
  return nil
end

-- Keep a run back until the live one ends; the one kept so far gives way to it.
local function buffer(task, run_id, static, other, job, first, last)
  local earlier = field('rota:buffered', task)
  if earlier and earlier ~= run_id then
    local replaced = 'rq:job:' .. earlier
    emit(earlier, 'skipped', next_revision(replaced), 0,
      field(replaced, 'rota_static') or static,
      '{"reason":"overlap: a newer fire time took its place"}')
    redis.call('DEL', replaced)
  end
  write_pairs(job, first, last)
  redis.call('HSET', job, 'status', 'deferred')
  redis.call('HSET', 'rota:buffered', task, run_id)
  emit(run_id, 'scheduled', 1, 0, static,
    cjson.encode({reason = 'overlap: waits until run ' .. other .. ' ends'}))
end

-- Queue the run that was kept back, once nothing of its task is live. Return whether it did.
local function release_buffered(task)
  local run_id = field('rota:buffered', task)
  if not run_id or live_run(task) then return false end
  redis.call('HDEL', 'rota:buffered', task)
  local job = 'rq:job:' .. run_id
  if field(job, 'status') ~= 'deferred' then return false end
  redis.call('HSET', job, 'status', 'queued')
  redis.call('SADD', 'rota:live:' .. task, run_id)
  push(field(job, 'origin') or 'default', run_id, false)
  emit(run_id, 'queued', next_revision(job), 0,
    field(job, 'rota_static') or '{}', '{"queued_at":' .. now_text() .. '}')
  return true
end

-- Take a run out of those that the limits of its task hold back (limits.lua).
local function not_held(run_id, job)
  local task = decoded(field(job, 'rota_static')).task_id
  if type(task) == 'string' then redis.call('ZREM', 'rota:held:' .. task, run_id) end
  redis.call('HDEL', job, 'rota_waits', 'rota_place')
end

-- Take a waiting run out of its queue, of the delayed or of the deferred ones.
local function withdraw(run_id, job, reason)
  local queue = field(job, 'origin') or 'default'
  redis.call('LREM', 'rq:queue:' .. queue, 0, run_id)
  redis.call('ZREM', 'rq:scheduled:' .. queue, run_id)
  redis.call('ZREM', 'rq:deferred:' .. queue, run_id)
  not_held(run_id, job)
  redis.call('HSET', job, 'status', 'canceled')
  for _, key in ipairs({job, 'rq:job:' .. run_id .. ':dependents', 'rq:job::' .. run_id .. ':dependencies'}) do
    redis.call('EXPIRE', key, 86400)
  end
  local static = field(job, 'rota_static') or '{}'
  emit(run_id, 'cancelled', next_revision(job),
    attempts_of(job), static, cjson.encode({reason = reason}))
end

-- Ask the worker of a running run to end it: by RQ's own command at once, and by a mark that its
-- next heartbeat finds in any case.
local function ask_to_stop(run_id, job, reason)
  redis.call('HSET', job, 'rota_stop', reason)
  redis.call('PUBLISH', 'rq:pubsub:' .. (field(job, 'worker_name') or ''), cjson.encode({
    command = 'stop-execution', job_id = run_id, execution_id = field(job, 'rota_execution') or ''}))
end

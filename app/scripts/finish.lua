-- Defines `finish`, for advance.lua: write how one execution ended, unless it is not this
-- execution's to write any more.
-- KEYS: 1 rq:worker:{name}, 2 rq:worker:{name}:executions, 3 rq:job:{run}, 4 rota:live:{task},
--       5 rota:log:{run}
-- ARGV from `first` on: 1 queue, 2 run id, 3 execution id, 4 status for the history, 5 status for
--       RQ, 6 data JSON of the event, 7 seconds RQ keeps the job, 8 seconds until it runs again or
--       '', 9 attempts to take back (1: this one does not count, 0; 'alone': 0, and from now on
--       the run has a process for itself), 10 ended at as RQ writes it,
--       11 log lines left out so far, 12 seconds to keep the log, 13 how many log lines follow,
--       the lines, then pairs of RQ's result entry
-- Answer: OK, or FENCED (the run was recovered, stopped or ended by somebody else)
local function finish(first)
  local function arg(number) return ARGV[first + number - 1] end
  local job, queue, run_id, execution = KEYS[3], arg(1), arg(2), arg(3)
  local held = redis.pcall('HMGET', job, 'rota_execution', 'status', 'rota_attempt',
    'rota_revision', 'rota_static', 'dependency_ids')
  if held.err or held[1] ~= execution or held[2] ~= 'started' then return 'FENCED' end
  local status = arg(5)
  local member = run_id .. ':' .. execution
  local now = now_ms() / 1000
  local attempt = math.max((whole(held[3]) or 1) - (tonumber(arg(9)) or 0), 0)
  local revision = counted_up(held[4])

  -- First of all the fence: a repeated call finds that this execution has ended.
  redis.call('HDEL', job, 'rota_execution', 'rota_stop', 'rota_usage', 'rota_stack')
  redis.call('HSET', job, 'status', status, 'ended_at', arg(10), 'rota_attempt', attempt,
    'rota_revision', revision)
  if arg(9) == 'alone' then redis.call('HSET', job, 'rota_alone', 1) end
  redis.call('ZREM', 'rq:wip:' .. queue, member)
  redis.call('ZREM', 'rota:liveness', queue .. '|' .. run_id .. '|' .. execution)
  redis.call('ZREM', 'rq:executions:' .. run_id, execution)
  redis.call('DEL', 'rq:execution:' .. member)
  redis.call('SREM', KEYS[2], member)

  local after_lines = first + 13 + tonumber(arg(13))
  for i = first + 13, after_lines - 1 do redis.call('RPUSH', KEYS[5], ARGV[i]) end
  if after_lines > first + 13 then redis.call('EXPIRE', KEYS[5], arg(12)) end
  if arg(11) ~= '0' then redis.call('HSET', job, 'rota_log_dropped', arg(11)) end
  if #ARGV >= after_lines then
    redis.call('XADD', 'rq:results:' .. run_id, 'MAXLEN', 10, '*', unpack(ARGV, after_lines))
  end

  if status == 'queued' then
    redis.call('HSET', job, 'rota_put_back', 1)
    push(queue, run_id, true)
  elseif status == 'scheduled' then
    redis.call('ZADD', 'rq:scheduled:' .. queue, now + tonumber(arg(8)), run_id)
    wake_scheduler()
  else
    local registry = status == 'finished' and 'rq:finished:' or 'rq:failed:'
    local ttl = tonumber(arg(7))
    redis.call('ZADD', registry .. queue, now + ttl, run_id)
    redis.call('EXPIRE', job, ttl)
    if #ARGV >= after_lines then redis.call('EXPIRE', 'rq:results:' .. run_id, ttl) end
    redis.call('SREM', KEYS[4], run_id)
  end
  emit(run_id, arg(4), revision, attempt, held[5] or '{}', arg(6))
  if ARGV[12] ~= '' then
    vacate(string.sub(KEYS[4], string.len('rota:live:') + 1),
      queue .. '|' .. run_id .. '|' .. execution, arg(9) == '0' and arg(4) ~= 'expired')
  end
  if status ~= 'queued' and status ~= 'scheduled' then
    release_buffered(string.sub(KEYS[4], string.len('rota:live:') + 1))
    if held[6] then redis.call('EXPIRE', dependencies_key(run_id), arg(7)) end
    if redis.call('EXISTS', dependents_key(run_id)) == 1 then
      settle_dependents(run_id)
      redis.call('EXPIRE', dependents_key(run_id), arg(7))
    end
  end
  return 'OK'
end

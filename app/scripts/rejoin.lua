-- Put runs that are live back where the scripts look for them, as far as they are not there.
-- ARGV: 1 seconds a worker may be silent, 2 1 to tell the history of those that have ended, then
--       for each run its id, its task's id, when a delayed one is due (epoch s), and the revision
--       that the history has
-- Answer: the status of each job, '' where there is none
local now = now_ms() / 1000
local answers = {}
-- RQ's words for an end and the history's.
local ENDS = {finished = 'succeeded', failed = 'failed', canceled = 'cancelled', stopped = 'stopped'}

-- The revision to tell an end with: its own, so that its own event, which says more, goes before
-- where it is still to be read; a newer one where the history has that already.
local function end_revision(job, known)
  local own = whole(field(job, 'rota_revision')) or 0
  if own > known then return own end
  redis.call('HSET', job, 'rota_revision', known + 1)
  return known + 1
end

for i = 3, #ARGV, 4 do
  local run_id, task, due, known = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3])
  local job = 'rq:job:' .. run_id
  local status = field(job, 'status') or ''
  local queue, execution = field(job, 'origin') or 'default', field(job, 'rota_execution')
  if status == 'queued' and not redis.call('LPOS', 'rq:queue:' .. queue, run_id) then
    push(queue, run_id, false)
  elseif status == 'scheduled' then
    redis.call('ZADD', 'rq:scheduled:' .. queue, 'NX', due, run_id)
  elseif status == 'started' and execution then
    redis.call('ZADD', 'rota:liveness', 'NX', now + tonumber(ARGV[1]), queue .. '|' .. run_id .. '|' .. execution)
  elseif status == 'deferred' and field(job, 'rota_waits') then
    redis.call('ZADD', 'rq:deferred:' .. queue, 'NX', now, run_id)
  elseif status == 'deferred' then
    redis.call('HSETNX', 'rota:buffered', task, run_id)
  end
  if status == 'queued' or status == 'scheduled' or status == 'started' or field(job, 'rota_waits') then
    redis.call('SADD', 'rota:live:' .. task, run_id)
  elseif ENDS[status] and ARGV[2] == '1' then
    emit(run_id, ENDS[status], end_revision(job, known), attempts_of(job),
      field(job, 'rota_static') or '{}', '{}')
  end
  answers[#answers + 1] = status
end
wake_scheduler()
return answers

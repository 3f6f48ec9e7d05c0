-- Note something about running executions, for who looks at them; what has ended is left alone.
-- KEYS: rq:job:{run}, one for each
-- ARGV: for each three: execution id, field of the job's hash, value
-- Answer: how many were noted
local noted = 0
for number, job in ipairs(KEYS) do
  local at = 3 * number
  if field(job, 'rota_execution') == ARGV[at - 2] then
    redis.call('HSET', job, ARGV[at - 1], ARGV[at])
    noted = noted + 1
  end
end
if noted > 0 then redis.call('INCR', 'rota:changes') end
return noted

-- Ask a worker where a running run is; it notes the answer in the run's hash.
-- KEYS: rq:job:{run}
-- ARGV: run id
-- Answer: ASKED, or the status that forbids it
local status = field(KEYS[1], 'status') or ''
if status ~= 'started' then return status end
redis.call('PUBLISH', 'rq:pubsub:' .. (field(KEYS[1], 'worker_name') or ''), cjson.encode({
  command = 'sample-stack', job_id = ARGV[1]}))
return 'ASKED'

-- Remove a schedule that is retired, unless what is here was decided later.
-- KEYS: rota:schedule:{id}, rq:job:{id}
-- ARGV: schedule id, revision of the decisions, 1 to do so in any case
-- Answer: OK or OLDER
local held = tonumber(field(KEYS[1], 'decided') or '') or -1
if held > tonumber(ARGV[2]) and ARGV[3] ~= '1' then return 'OLDER' end
redis.call('ZREM', 'rq:scheduler:scheduled_jobs', ARGV[1])
redis.call('DEL', KEYS[1], KEYS[2])
return 'OK'

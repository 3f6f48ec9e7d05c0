-- Make the pauses in Redis what SQL says, unless what is here was decided later.
-- ARGV: 1 revision of the decisions, 2 1 to do so in any case, then pairs of scope and note
-- Answer: OK or OLDER
local held = tonumber(field('rota:pauses', ':revision') or '') or -1
if held > tonumber(ARGV[1]) and ARGV[2] ~= '1' then return 'OLDER' end
redis.call('DEL', 'rota:pauses')
redis.call('HSET', 'rota:pauses', ':revision', ARGV[1])
if #ARGV > 2 then write_pairs('rota:pauses', 3) end
wake_scheduler()
return 'OK'

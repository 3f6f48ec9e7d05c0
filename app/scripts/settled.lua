-- Note that everything was built again since something was set aside, unless more was meanwhile.
-- ARGV: what `due` said of it
-- Answer: 1 when it is so, else 0
if redis.call('GET', 'rota:mended') ~= ARGV[1] then return 0 end
redis.call('DEL', 'rota:mended')
return 1

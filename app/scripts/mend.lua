-- Set aside what is of another type than it should be, so that nothing fails for it.
-- ARGV: pairs of key and type; the type `counter` is a string that can be counted up
-- Answer: how many were set aside
local found = 0
for i = 1, #ARGV, 2 do
  local key, wanted = ARGV[i], ARGV[i + 1]
  local kind = type_of(key)
  local good = kind == 'none' or kind == wanted
  if wanted == 'counter' and kind == 'string' then
    good = string.find(redis.call('GET', key), '^%d+$') and redis.call('STRLEN', key) < 16
  end
  if not good then
    set_key_aside(key, 'it is a ' .. kind .. ', not a ' .. wanted)
    found = found + 1
  end
end
return found

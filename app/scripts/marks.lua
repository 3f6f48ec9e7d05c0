-- A bulk act leaves its id at each job it acted on: doing it once more then changes nothing, and
-- what takes it back touches no run that somebody else has acted on since.
local function marked(job, mark)
  return mark ~= nil and mark ~= '' and field(job, 'rota_bulk') == mark
end

local function mark_with(job, mark)
  if mark and mark ~= '' then redis.call('HSET', job, 'rota_bulk', mark)
  else redis.call('HDEL', job, 'rota_bulk') end
end

-- Whether a run is still as `only` left it, where that is asked for.
local function still_of(job, only)
  return not only or only == '' or marked(job, only)
end

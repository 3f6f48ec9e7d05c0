-- Give the lead back, if it is still the caller's, and wake a standby.
-- ARGV: lock value
if redis.call('GET', 'rq:scheduler_lock') == ARGV[1] then
  redis.call('DEL', 'rq:scheduler_lock')
  wake_scheduler()
end
return 1

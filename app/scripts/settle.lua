-- Go on releasing, or ending, what waits for runs that have ended.
-- ARGV: ids of such runs
-- Answer: 1
for _, run_id in ipairs(ARGV) do
  redis.call('SREM', 'rota:settling', run_id)
  settle_dependents(run_id)
end
return 1

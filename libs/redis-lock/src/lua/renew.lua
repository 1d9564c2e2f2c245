-- Prolongs leases; never shortens one.
-- pcall: a key that another program overwrote with another type is not the token's, and must not fail the whole batch.
-- KEYS  n locks
-- ARGV  for each lock its token and its lease ms
-- Reply n of: 1 prolonged | 0 not the token's any more
local reply = {}
for i, lock in ipairs(KEYS) do
  local lease = ARGV[2 * i]
  if redis.pcall('GET', lock) ~= ARGV[2 * i - 1] then
    reply[i] = 0
  else
    if redis.call('PTTL', lock) < tonumber(lease) then
      redis.call('PEXPIRE', lock, lease)
    end
    reply[i] = 1
  end
end
return reply

-- Frees a lock that the token owns, or keeps it for the rest of a minimum hold, and wakes who asked for it.
-- The lock goes before any write that a server out of memory would refuse.
-- KEYS  1 lock, 2 companion
-- ARGV  1 token, 2 ms to keep it (0 = free it now), 3 channel prefix
-- Reply 1 it was the token's | 0 it was not
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if ARGV[2] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
end
redis.call('DEL', KEYS[1])
if redis.call('EXISTS', KEYS[2]) == 1 then
  -- @include now
  -- @include micros
  -- @include wake
  wake(KEYS[2], ARGV[3], KEYS[1], now)
end
return 1

-- Takes back an attempt whose answer was never clear: frees the lock if the token got it, and leaves a tombstone
-- for the command if it is still on its way.
-- KEYS  1 lock, 2 companion
-- ARGV  1 token, 2 ms the tombstone stays, 3 channel prefix
-- Reply 1 the token owned the lock | 0 it did not
-- @include now
-- @include micros
-- @include wake
-- @include note-until
local owned = 0
if redis.pcall('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
  owned = 1
  wake(KEYS[2], ARGV[3], KEYS[1], now)
end
note_until(KEYS[2], 'x' .. ARGV[1], tonumber(ARGV[2]), now)
return owned

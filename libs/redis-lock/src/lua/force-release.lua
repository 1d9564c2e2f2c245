-- Frees a lock whoever holds it, tells the holder's process, and wakes who asked for it.
-- KEYS  1 lock, 2 companion
-- ARGV  1 channel prefix
-- Reply 1 somebody held it | 0 it was free
-- @include now
-- @include micros
-- @include wake
local owner = redis.call('GET', KEYS[1])
if not owner then
  return 0
end
redis.call('DEL', KEYS[1])
local process = string.match(owner, '^([^.]+)%.')
if process then
  redis.pcall('PUBLISH', ARGV[1] .. process, 'f' .. owner .. ' ' .. KEYS[1])
end
wake(KEYS[2], ARGV[1], KEYS[1], now)
return 1

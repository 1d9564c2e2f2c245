-- Frees a lock whoever holds it, tells the holder's process, and hands it over to the next process in line.
-- KEYS  1 lock, 2 companion, 3 fence counter
-- ARGV  1 channel prefix
-- Reply 1 somebody held it | 0 it was free
-- @include now
-- @include hand-over
local owner = redis.call('GET', KEYS[1])
if not owner then
  return 0
end
redis.call('DEL', KEYS[1])
local process = process_of(owner)
if process then
  redis.pcall('PUBLISH', ARGV[1] .. process, 'f' .. owner .. ' ' .. KEYS[1])
end
hand_over(ARGV[1])
return 1

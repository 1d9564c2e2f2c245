-- Frees a lock that the token owns, or keeps it for the rest of a minimum hold, and hands it over to the next process in line.
-- The lock goes before any write that a server out of memory would refuse.
-- KEYS  1 lock, 2 companion, 3 fence counter
-- ARGV  1 token, 2 ms to keep it (0 = free it now), 3 channel prefix;
--       where callers of this process still wait: 4 token to queue behind the others with, 5 lease ms, 6 deadline in server µs, 7 terms of the queue
-- Reply 1 it was the token's | 0 it was not; with a token to queue: {0 granted or 4 queued as heartbeat.lua says it} | {2, now} too late for that
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if ARGV[2] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
end
redis.call('DEL', KEYS[1])
if not ARGV[4] and redis.call('EXISTS', KEYS[2]) == 0 then
  return 1
end
-- @include now
-- @include micros
-- @include note-until
-- @include reserve
-- @include queue
-- @include enqueue
-- @include hand-over
if not ARGV[4] then
  hand_over(ARGV[3])
  return 1
end
if now > tonumber(ARGV[6]) or redis.call('ZSCORE', KEYS[2], 'x' .. ARGV[4]) then
  hand_over(ARGV[3])
  return { 2, now }
end
local terms = read_terms(ARGV[7])
local process = process_of(ARGV[4])
enqueue(ARGV[4], terms)
local grant, mine = hand_over(ARGV[3], process, ARGV[5])
return mine and grant or queued(ARGV[4], terms)

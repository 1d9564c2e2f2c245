-- Gives up one share, or keeps it for the rest of a minimum hold; what is free by that goes to whoever waits for it.
-- KEYS  1 lock, 2 companion, 3 fence counter
-- ARGV  1 token of the share, 2 ms to keep it (0 = free it now), 3 channel prefix;
--       where callers of this process still wait: 4 token to queue behind the others with, 5 lease ms, 6 deadline in server µs, 7 terms of the queue
-- Reply 1 it was the token's | 0 it was not; with a token to queue: {0 granted or 4 queued as share-heartbeat.lua says it}
--       | {2, now} released, and the other token was too late or cancelled
-- @include now
-- @include settle
-- @include queued-share
local owner = redis.pcall('GET', KEYS[1])
if not live_share(ARGV[1], owner) then
  return 0
end
redis.call('ZREM', KEYS[2], 'h' .. ARGV[1])
if ARGV[2] ~= '0' then
  redis.call('ZADD', KEYS[2], share_score(now + ARGV[2] * 1000), 'h' .. ARGV[1])
  fit_lock()
  live_for(tonumber(ARGV[2]))
  return 1
end
if not ARGV[4] then
  settle(ARGV[3])
  return 1
end
if now > tonumber(ARGV[6]) or redis.call('ZSCORE', KEYS[2], 'x' .. ARGV[4]) then
  settle(ARGV[3])
  return { 2, now }
end
local terms = read_terms(ARGV[7])
enqueue(ARGV[4], terms)
local grant, mine = settle(ARGV[3], ARGV[4], ARGV[5])
if mine then
  return grant
end
return queued_share(ARGV[4], terms)

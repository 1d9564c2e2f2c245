-- Sets the lease of a share anew, shorter or longer, counted from now. A late command does nothing: it would shorten what came after it.
-- KEYS  1 lock, 2 companion
-- ARGV  1 token, 2 lease ms, 3 deadline in server µs
-- Reply {1, now µs} done | {0, now} not the token's any more | {2, now} stale
-- @include now
if now > tonumber(ARGV[3]) then
  return { 2, now }
end
-- @include shares
local owner = redis.pcall('GET', KEYS[1])
if not live_share(ARGV[1], owner) then
  return { 0, now }
end
redis.call('ZREM', KEYS[2], 'h' .. ARGV[1])
redis.call('ZADD', KEYS[2], share_score(now + ARGV[2] * 1000), 'h' .. ARGV[1])
live_for(tonumber(ARGV[2]))
fit_lock()
return { 1, now }

-- Sets a lease anew, shorter or longer, counted from now. A late command does nothing: it would shorten what came after it.
-- KEYS  1 lock
-- ARGV  1 token, 2 lease ms, 3 deadline in server µs
-- Reply {1, now µs} done | {0, now} not the token's any more | {2, now} stale
-- @include now
if now > tonumber(ARGV[3]) then
  return { 2, now }
end
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return { 0, now }
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { 1, now }

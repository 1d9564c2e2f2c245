-- Makes a reader of whoever holds the lock, without letting anybody in between; readers in line begin to read as well.
-- KEYS  1 lock, 2 companion, 3 fence counter
-- ARGV  1 token, 2 lease ms, 3 deadline in server µs, 4 channel prefix
-- Reply {1, now µs} done | {0, now} not the token's any more | {2, now} stale
-- @include now
if now > tonumber(ARGV[3]) then
  return { 2, now }
end
-- @include admit
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return { 0, now }
end
local ms = math.max(redis.call('PTTL', KEYS[1]), ARGV[2])
redis.call('DEL', KEYS[1])
drop_shares()
add_shares(ARGV[1], 1, ms, READ)
admit_readers(ARGV[4])
fit_lock()
return { 1, now }

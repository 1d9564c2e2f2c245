-- Prolongs the lease of a lock that its process passes on among its own callers, reserves fences for them, and tells who else waits.
-- KEYS  1 lock, 2 companion, 3 fence counter
-- ARGV  1 token, 2 lease ms, 3 fences to reserve
-- Reply {1, first fence, 1 = others wait} | {0} not the token's any more
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return { 0 }
end
-- @include now
-- @include reserve
-- @include others-wait
-- Written in any case: after it a server out of memory refuses no fences.
redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), ARGV[2]))
return { 1, reserve(ARGV[3]), others_wait(process_of(ARGV[1])) }

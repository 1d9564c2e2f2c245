-- Grants a free lock that nobody waits for; else puts the token in line, or says that the lock is busy. A late or cancelled command does nothing.
-- KEYS  1 lock, 2 companion (queue and tombstones), 3 fence counter
-- ARGV  1 token, 2 lease ms, 3 deadline in server µs, 4 fences to reserve, 5 terms of the queue ('' = one attempt), 6 channel prefix
-- Reply {0, now µs, first fence, 1 = others wait} granted | {1, now, pttl of the lock} busy | {2, now} stale | {3, now} cancelled
--       | {4, now, first queued µs, 1 = first in line, pttl} queued | {6, now, its marker} permits of it are held
-- @include now
if now > tonumber(ARGV[3]) then
  return { 2, now }
end
-- @include reserve
local accompanied = redis.call('EXISTS', KEYS[2]) == 1
if accompanied and redis.call('ZSCORE', KEYS[2], 'x' .. ARGV[1]) then
  return { 3, now }
end
if not accompanied and redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then
  return { 0, now, reserve(ARGV[4]), 0 }
end
-- @include hand-over
-- @include others-wait
-- @include enqueue
if accompanied and redis.call('EXISTS', KEYS[1]) == 0 then
  -- Nobody overtakes those who wait: where the lock is free, and a message was lost or a lease ran out, it is theirs.
  hand_over(ARGV[6])
  if redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then
    return { 0, now, reserve(ARGV[4]), others_wait(process_of(ARGV[1])) }
  end
end
local owner = redis.pcall('GET', KEYS[1])
if type(owner) == 'string' and limit_of(owner) then
  return { 6, now, owner }
end
if ARGV[5] == '' then
  return { 1, now, redis.call('PTTL', KEYS[1]) }
end
local terms = read_terms(ARGV[5])
return queued(ARGV[1], terms.since, enqueue(ARGV[1], terms))

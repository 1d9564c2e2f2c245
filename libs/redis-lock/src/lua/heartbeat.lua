-- Says that a process still waits, and finds what a lost message or a crash left undone: a grant it was not told of, a lock that is free
-- although it waits, an entry that is gone with the server's data. Late, it does nothing.
-- KEYS  1 lock, 2 companion, 3 fence counter
-- ARGV  1 token in line, 2 token to queue anew with, 3 lease ms, 4 deadline in server µs, 5 terms of the queue
-- Reply {0, now µs, fence, 1 = others wait, token} granted | {2, now} stale, or the token to queue anew with was cancelled
--       | {4, now, first queued µs, 1 = first in line, pttl, token} queued | {5, now, token} the process holds it by that token
-- @include now
if now > tonumber(ARGV[4]) then
  return { 2, now }
end
-- @include others-wait
-- @include reserve
local owner = redis.pcall('GET', KEYS[1])
if owner == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), ARGV[3]))
  return { 0, now, reserve(1), others_wait(process_of(owner)), owner }
end
-- @include enqueue
-- @include find-entry
-- @include hand-over
local terms = read_terms(ARGV[5])
local process = process_of(ARGV[1])
local token = ARGV[1]
local since = redis.call('ZSCORE', KEYS[2], 'q' .. token .. ' ' .. terms.entry)
if since then
  -- Passed over, it has now been heard of.
  local mark = mark_of(process)
  set_mark(process, (mark == 's' or not mark) and terms.mark or 'u', terms.live)
else
  if type(owner) == 'string' and process_of(owner) == process then
    return { 5, now, owner }
  end
  token = ARGV[2]
  if redis.call('ZSCORE', KEYS[2], 'x' .. token) then
    return { 2, now }
  end
  local ghost = find_entry(process .. '.')
  if ghost then
    redis.call('ZREM', KEYS[2], ghost)
  end
  since = terms.since
  enqueue(token, terms)
end
if not owner then
  local grant, mine = hand_over(terms.channel, token, ARGV[3])
  if mine then
    return grant
  end
end
local first = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 1)[1]
return queued(token, since, first == 'q' .. token .. ' ' .. terms.entry)

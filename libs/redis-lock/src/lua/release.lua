-- Frees a lock that the token owns, or keeps it for the rest of a minimum hold, and hands it over to the next process in line.
-- Out of memory, a server refuses SET unless the script has written before: what is never refused comes first.
-- KEYS  1 lock, 2 companion, 3 fence counter
-- ARGV  1 token, 2 ms to keep it (0 = free it now), 3 channel prefix;
--       where callers of this process still wait: 4 token to queue behind the others with, 5 lease ms, 6 deadline in server µs, 7 terms of the queue
-- Reply 1 it was the token's | 0 it was not; with a token to queue: {0 granted or 4 queued as heartbeat.lua says it}
--       | {2, now} released, and the other token was too late or cancelled
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if ARGV[2] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
end
local accompanied = redis.call('EXISTS', KEYS[2]) == 1
if not ARGV[4] and not accompanied then
  redis.call('DEL', KEYS[1])
  return 1
end
-- @include now
-- @include reserve
local is_late = ARGV[4] and now > tonumber(ARGV[6])
if not accompanied then
  local taken = not is_late and redis.pcall('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
  if not taken or taken.err then
    redis.call('DEL', KEYS[1])
    return { 2, now }
  end
  return { 0, now, reserve(1), 0, ARGV[4] }
end
-- @include hand-over
if not ARGV[4] or is_late or redis.call('ZSCORE', KEYS[2], 'x' .. ARGV[4]) then
  if not hand_over(ARGV[3], nil, nil, 'r') then
    redis.call('DEL', KEYS[1])
  end
  return ARGV[4] and { 2, now } or 1
end
-- @include enqueue
local terms = read_terms(ARGV[7])
enqueue(ARGV[4], terms)
local grant, mine = hand_over(ARGV[3], ARGV[4], ARGV[5], 'r')
if not grant then
  redis.call('DEL', KEYS[1])
end
if mine then
  return grant
end
local first = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 1)[1]
return queued(ARGV[4], terms.since, first == 'q' .. ARGV[4] .. ' ' .. terms.entry)

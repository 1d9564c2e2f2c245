-- Grants shares of a lock: to readers while it is free or being read and no writer waits, or as many permits as are free and nobody waits for;
-- else puts the token in line, or says that the lock is busy. A late or cancelled command does nothing.
-- KEYS  1 lock, 2 companion, 3 fence counter
-- ARGV  1 token, 2 lease ms, 3 deadline in server µs, 4 shares wanted, 5 terms of the queue ('' = one attempt), 6 channel prefix, 7 marker
-- Reply {0, now µs, first fence, 0, shares} granted | {1, now, pttl} busy | {2, now} stale | {3, now} cancelled
--       | {4, now, first queued µs, 1 = first in line, pttl} queued | {6, now, what it is} the lock is of another kind, or of another limit
-- @include now
if now > tonumber(ARGV[3]) then
  return { 2, now }
end
-- @include settle
-- @include enqueue
local marker, limit = ARGV[7], limit_of(ARGV[7])
local accompanied = redis.call('EXISTS', KEYS[2]) == 1
if accompanied and redis.call('ZSCORE', KEYS[2], 'x' .. ARGV[1]) then
  return { 3, now }
end
local owner = redis.pcall('GET', KEYS[1])
if accompanied and not owner then
  -- Nobody overtakes those who wait.
  hand_over(ARGV[6])
  owner = redis.pcall('GET', KEYS[1])
elseif owner == marker and limit then
  -- The last permit may have lapsed this very millisecond: then it is somebody else's by now.
  settle(ARGV[6])
  owner = redis.pcall('GET', KEYS[1])
end
local count = 0
if not owner then
  if accompanied then
    drop_shares()
  end
  count = math.min(ARGV[4], limit or math.huge)
elseif owner == marker then
  count = writer_waits() and 0 or math.min(ARGV[4], limit and limit - live_shares() or math.huge)
else
  local is_shared = type(owner) == 'string' and (owner == READ or limit_of(owner))
  local is_token = type(owner) == 'string' and #owner == 35 and string.find(owner, '^[%w_-]+%.[%w_-]+$')
  if is_shared or (limit and is_token) then
    return { 6, now, is_shared and owner or 'exclusive' }
  end
end
if count > 0 then
  add_shares(ARGV[1], count, ARGV[2], marker)
  return { 0, now, reserve(count), 0, count }
end
local pttl = limit and owner == marker and share_left(live_shares() - 1) or redis.call('PTTL', KEYS[1])
if ARGV[5] == '' then
  return { 1, now, pttl }
end
local terms = read_terms(ARGV[5])
return queued(ARGV[1], terms.since, enqueue(ARGV[1], terms), pttl)

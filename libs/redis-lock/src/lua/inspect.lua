-- Reads one lock in one piece.
-- KEYS  1 lock, 2 companion
-- Reply {now µs, owner's token or marker or false, pttl, type, live processes in line, shares: token, ms left, token, ms left, …}
-- @include now
-- @include shares
local kind = redis.call('TYPE', KEYS[1]).ok
local owner = kind == 'string' and redis.call('GET', KEYS[1])
local waiting, seen = {}, {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf')) do
  local process = process_of(string.sub(member, 2))
  if not seen[process] and mark_of(place_of(member)) then
    seen[process] = true
    waiting[#waiting + 1] = process
  end
end
local shares = {}
if owner and (owner == READ or limit_of(owner)) then
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now), 'WITHSCORES')
  for i = 1, #found, 2 do
    shares[i] = string.sub(found[i], 2)
    shares[i + 1] = math.ceil((share_end(found[i + 1]) - now) / 1000)
  end
end
return { now, owner, redis.call('PTTL', KEYS[1]), kind, waiting, shares }

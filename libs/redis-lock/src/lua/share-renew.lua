-- Prolongs leases of shares whose own time is not over and whose lock is still shared; never shortens one.
-- KEYS  n pairs of a lock and its companion
-- ARGV  for each its token and its lease ms
-- Reply n of: 1 prolonged | 0 not the token's any more
-- @include now
-- @include share-score
local reply = {}
for i = 1, #KEYS, 2 do
  local lock, companion, share, ms = KEYS[i], KEYS[i + 1], 'h' .. ARGV[i], tonumber(ARGV[i + 1])
  local marker = redis.pcall('GET', lock)
  local lapse = redis.pcall('ZSCORE', companion, share)
  local is_held = type(marker) == 'string' and string.sub(marker, 1, 3) == '~1:' and type(lapse) == 'string' and share_end(lapse) > now
  if is_held then
    -- Written in any case, and first: after it a server out of memory refuses nothing.
    redis.call('PEXPIRE', lock, math.max(redis.call('PTTL', lock), ms))
    redis.call('PEXPIRE', companion, math.max(redis.call('PTTL', companion), ms))
    if share_end(lapse) < now + ms * 1000 then
      redis.call('ZADD', companion, share_score(now + ms * 1000), share)
    end
  end
  reply[(i + 1) / 2] = is_held and 1 or 0
end
return reply

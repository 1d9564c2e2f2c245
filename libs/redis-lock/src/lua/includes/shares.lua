-- @include marks
-- @include share-score
-- Shares, in the companion: 'h' token of somebody who reads or has a permit, scored by when its lease ends. While there are any the lock is a
-- marker that says what for, and lasts as long as the last of them, so that a plain SET NX stays out. Tokens of several shares that were
-- granted at once differ by a number at their end.
local READ = '~1:read'
local function limit_of(marker)
  return tonumber(string.match(marker, '^~1:limit:(%d+)$'))
end
local function share_of(token, i)
  return i == 0 and token or token .. '/' .. i
end
-- How many shares there are whose lease has not ended.
local function live_shares()
  return redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. share_score(now))
end
-- What is left of the lease of the share that ends last but `at`, in ms; nil where there is none.
local function share_left(at)
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now), 'WITHSCORES', 'LIMIT', at, 1)
  return found[1] and math.ceil((share_end(found[2]) - now) / 1000)
end
-- When the lease of a token's share ends, in µs, if it has not; nil where the lock is not shared any more.
local function live_share(token, owner)
  local score = redis.call('ZSCORE', KEYS[2], 'h' .. token)
  if score and share_end(score) > now and type(owner) == 'string' and (owner == READ or limit_of(owner)) then
    return share_end(score)
  end
end
-- Gives so many shares to a token, and the lock, which is free or that marker, to all who share it. Never shortens those that it has.
local function add_shares(token, count, ms, marker)
  if redis.call('PTTL', KEYS[1]) < tonumber(ms) then
    redis.call('SET', KEYS[1], marker, 'PX', ms)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], share_score(now), SHARES_END)
  local lapse, members = share_score(now + ms * 1000), {}
  for i = 0, count - 1 do
    members[2 * i + 1] = lapse
    members[2 * i + 2] = 'h' .. share_of(token, i)
  end
  redis.call('ZADD', KEYS[2], 'LT', unpack(members))
  live_for(tonumber(ms))
end
-- Takes away the shares of a token, or all of them; returns how many there were, lapsed ones included.
local function drop_shares(token)
  local dropped = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', SHARES_END)) do
    if not token or string.match(member, '^h([^/]+)') == token then
      dropped = dropped + redis.call('ZREM', KEYS[2], member)
    end
  end
  return dropped
end
-- The lock lasts as long as its last share, and is free without one; the companion lasts as long as the last that is in it, which may be a mark
-- or a tombstone. Returns whether there is any share.
local function fit_lock()
  local ms = share_left(0)
  if ms then
    redis.call('PEXPIRE', KEYS[1], ms)
  else
    redis.call('DEL', KEYS[1])
  end
  local last = redis.call('ZRANGEBYSCORE', KEYS[2], SHARES_END, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  redis.call('PEXPIRE', KEYS[2], math.max(1, ms or 0, last[1] and math.ceil((-last[2] - now) / 1000) or 0))
  return ms ~= nil
end

-- @include marks
-- Shares, in the companion: 'h' token of somebody who reads or has a permit, scored by when its lease ends, negated. While there are any the
-- lock is a marker that says what for, and lasts as long as the last of them, so that a plain SET NX stays out. Tokens of several shares that
-- were granted at once differ by a number at their end.
local READ = '~1:read'
local function limit_of(marker)
  return tonumber(string.match(marker, '^~1:limit:(%d+)$'))
end
local function share_of(token, i)
  return i == 0 and token or token .. '/' .. i
end
-- How many shares there are, what is left of the lease that ends last, and of the one that ends first, in ms.
local function live_shares()
  local count, last, first = 0, 0, 0
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. micros(-now), 'WITHSCORES')
  for i = 1, #found, 2 do
    if string.sub(found[i], 1, 1) == 'h' then
      first = math.ceil((-found[i + 1] - now) / 1000)
      last = count == 0 and first or last
      count = count + 1
    end
  end
  return count, last, first
end
-- What is left of the lease that ends last, in ms; nil where there is no share. Marks and tombstones lapse sooner than most shares.
local function longest_share()
  local at = 0
  while true do
    local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. micros(-now), 'WITHSCORES', 'LIMIT', at, 8)
    for i = 1, #found, 2 do
      if string.sub(found[i], 1, 1) == 'h' then
        return math.ceil((-found[i + 1] - now) / 1000)
      end
    end
    if #found == 0 then
      return nil
    end
    at = at + 8
  end
end
-- Gives so many shares to a token, and the lock, which is free or that marker, to all who share it. Never shortens those that it has.
local function add_shares(token, count, ms, marker)
  if redis.call('PTTL', KEYS[1]) < tonumber(ms) then
    redis.call('SET', KEYS[1], marker, 'PX', ms)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '(' .. micros(-now), '0')
  local lapse, members = micros(-(now + ms * 1000)), {}
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
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', QUEUED)) do
    local share = string.match(member, '^h([^/]+)')
    if share and (not token or share == token) then
      dropped = dropped + redis.call('ZREM', KEYS[2], member)
    end
  end
  return dropped
end
-- The lock lasts as long as its last share; without one it is free, and the companion lasts as long as what is left in it: marks and
-- tombstones, which lapse soon. Returns whether there is any share.
local function fit_lock()
  local ms = longest_share()
  if ms then
    redis.call('PEXPIRE', KEYS[1], ms)
    return true
  end
  redis.call('DEL', KEYS[1])
  local last = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if last[1] then
    redis.call('PEXPIRE', KEYS[2], math.max(1, math.ceil((-last[2] - now) / 1000)))
  end
  return false
end

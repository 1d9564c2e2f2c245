-- @include shares
-- @include reserve
-- Gives shares to an entry of a line and tells its process; false where the message reached nobody although its subscription had worked: then
-- it is passed over until it is heard of again. `own` is a token of the process that asks, which gets its answer in the reply.
-- Returns {0, now µs, first fence, 0, token, shares} where it was done.
local function admit(entry, score, marker, channel, own, lease)
  local token, given, count = string.match(entry, '^q(%S+) (%d+) r?(%d*)')
  local place = place_of(entry)
  local mark, lapse = mark_of(place)
  count = math.max(1, tonumber(count) or 1)
  redis.call('ZREM', KEYS[2], entry, mark .. place)
  add_shares(token, count, token == own and lease or given, marker)
  local grant = { 0, now, reserve(count), 0, token, count }
  if token == own then
    return grant
  end
  local message = (marker == READ and 'r' or 'p') .. token .. ' ' .. micros(grant[3]) .. ' ' .. count .. ' ' .. KEYS[1]
  if redis.pcall('PUBLISH', channel .. process_of(token), message) ~= 0 or mark ~= 's' then
    return grant
  end
  drop_shares(token)
  -- An older mark would count before this one.
  redis.call('ZREM', KEYS[2], 'u' .. place)
  redis.call('ZADD', KEYS[2], score, entry, lapse, 'p' .. place)
  live_for(math.ceil((-lapse - now) / 1000))
  return false
end
-- Goes through a line until as many entries as `most` have got shares, or one that is alive ends otherwise than `what`: that one waits for
-- the lock to be idle. Returns a grant, `own`'s if there is one, and whether it is that.
local function admit_line(from, to, marker, most, what, channel, own, lease)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  local grant, mine
  for i = 1, #line, 2 do
    if most < 1 then
      break
    end
    local entry = line[i]
    local mark = mark_of(place_of(entry))
    if not mark then
      redis.call('ZREM', KEYS[2], entry)
    elseif mark ~= 'p' or (own and string.sub(entry, 2, #own + 2) == own .. ' ') then
      if what and string.sub(entry, -#what) ~= what then
        break
      end
      local done = admit(entry, line[i + 1], marker, channel, own, lease)
      if done then
        most = most - 1
        if done[5] == own then
          grant, mine = done, true
        end
        grant = grant or done
      end
    end
  end
  return grant, mine
end
-- Every reader in line begins to read. The lock is free, or being read.
local function admit_readers(channel, own, lease)
  return admit_line(READERS, '+inf', READ, math.huge, nil, channel, own, lease)
end
-- Free permits go to the processes in line, one each. The lock is free, or of that limit.
local function admit_permits(limit, channel, own, lease)
  return admit_line(QUEUED, QUEUE_END, '~1:limit:' .. limit, limit - live_shares(), ' p' .. limit, channel, own, lease)
end

-- @include hand-over
-- What becomes of a lock when shares of it have gone: with the last reader it goes to the next writer, with a permit to the next in line, and
-- readers that a writer kept waiting begin when that is gone. Returns what hand_over does.
local function settle(channel, own, lease)
  local marker = redis.pcall('GET', KEYS[1])
  local limit = type(marker) == 'string' and limit_of(marker)
  local grant, mine
  if limit then
    grant, mine = admit_permits(limit, channel, own, lease)
  elseif marker == READ and share_left(0) and not writer_waits() then
    grant, mine = admit_readers(channel, own, lease)
  end
  if (limit or marker == READ) and not fit_lock() then
    return hand_over(channel, own, lease, 'w')
  end
  return grant, mine
end

-- @include shares
-- @include enqueue
-- As queued; for a permit it is worth to look again when the first of those that are held lapses.
local function queued_share(token, terms)
  local first = redis.call('ZRANGEBYSCORE', KEYS[2], terms.from, terms.to, 'LIMIT', 0, 1)[1]
  return queued(token, terms.since, first == 'q' .. token .. ' ' .. terms.entry, not terms.reads and share_left(live_shares() - 1) or nil)
end

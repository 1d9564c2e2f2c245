-- @include micros
-- @include live-for
-- Writes a member into the companion that lapses `ms` from now, and takes out what has lapsed. Scores below zero are moments of lapse,
-- negated; scores above zero belong to the queue.
local function note_until(member, ms)
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '(' .. micros(-now), '0')
  redis.call('ZADD', KEYS[2], micros(-(now + ms * 1000)), member)
  live_for(ms)
end

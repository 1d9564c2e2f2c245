-- @include micros
-- @include live-for
-- Writes a member into the companion that lapses `ms` from now, and takes out what has lapsed. Scores from zero down to
-- -2^52 are moments of lapse, negated; those above zero belong to the queue, those below to shares.
local function note_until(member, ms)
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '(' .. micros(-now), '0')
  redis.call('ZADD', KEYS[2], micros(-(now + ms * 1000)), member)
  live_for(ms)
end

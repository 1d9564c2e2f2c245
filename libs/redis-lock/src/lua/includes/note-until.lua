-- Writes a member into the companion that lapses `ms` from now. Scores below zero are moments of lapse, negated;
-- scores above zero belong to the queue. Lapsed members go first, and the companion lives as long as its last member.
local function note_until(companion, member, ms, now)
  redis.call('ZREMRANGEBYSCORE', companion, '(' .. micros(-now), '0')
  redis.call('ZADD', companion, micros(-(now + ms * 1000)), member)
  if redis.call('PTTL', companion) < ms then
    redis.call('PEXPIRE', companion, ms)
  end
end

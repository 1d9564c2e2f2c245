-- Reads one lock in one piece.
-- KEYS  1 lock, 2 companion
-- Reply {now µs, owner's token or false, pttl, type, processes that asked to be woken}
-- @include now
-- @include micros
local kind = redis.call('TYPE', KEYS[1]).ok
local owner = kind == 'string' and redis.call('GET', KEYS[1])
local waiting = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', micros(-now))) do
  if string.sub(member, 1, 1) == 'w' then
    waiting[#waiting + 1] = string.sub(member, 2)
  end
end
return { now, owner, redis.call('PTTL', KEYS[1]), kind, waiting }

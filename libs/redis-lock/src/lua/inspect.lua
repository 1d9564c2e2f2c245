-- Reads one lock in one piece.
-- KEYS  1 lock, 2 companion
-- Reply {now µs, owner's token or false, pttl, type, live processes in line}
-- @include now
-- @include marks
local kind = redis.call('TYPE', KEYS[1]).ok
local owner = kind == 'string' and redis.call('GET', KEYS[1])
local waiting = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf')) do
  local process = process_of(string.sub(member, 2))
  if mark_of(process) then
    waiting[#waiting + 1] = process
  end
end
return { now, owner, redis.call('PTTL', KEYS[1]), kind, waiting }

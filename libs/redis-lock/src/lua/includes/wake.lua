-- Tells every process that asked for it, and whose request has not lapsed, that the lock may be free. A hint: pollers find out anyway.
local function wake(companion, channel, lock, now)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', companion, '-inf', micros(-now))) do
    if string.sub(member, 1, 1) == 'w' then
      redis.call('ZREM', companion, member)
      redis.pcall('PUBLISH', channel .. string.sub(member, 2), 'w' .. lock)
    end
  end
end

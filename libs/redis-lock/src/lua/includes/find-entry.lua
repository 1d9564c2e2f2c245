-- @include queue
-- The entry whose token begins so; in the line of readers from READERS on.
local function find_entry(beginning, from, to)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], from or QUEUED, to or QUEUE_END)) do
    if string.sub(member, 2, #beginning + 1) == beginning then
      return member
    end
  end
end

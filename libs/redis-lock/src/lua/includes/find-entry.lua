-- @include queue
-- The entry whose token begins so.
local function find_entry(beginning)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf')) do
    if string.sub(member, 2, #beginning + 1) == beginning then
      return member
    end
  end
end

-- @include queue
-- 1 where processes other than that one wait. Each has one entry, or for a moment two.
local function others_wait(process)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 3)) do
    if process_of(string.sub(member, 2)) ~= process then
      return 1
    end
  end
  return 0
end

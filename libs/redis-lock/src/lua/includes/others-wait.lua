-- @include queue
-- 1 where others than the callers of that process wait who want the lock as it has it. Each process has one entry among them, or for a
-- moment two; readers of any process come behind them.
local function others_wait(process)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 3)) do
    if string.find(member, ' r', 1, true) or process_of(string.sub(member, 2)) ~= process then
      return 1
    end
  end
  return 0
end

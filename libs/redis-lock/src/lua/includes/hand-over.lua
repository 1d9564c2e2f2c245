-- Hands a free lock over to the next live process in line: the owner is written, the entry goes, and last of all its process is told.
-- `own` is the process that asked: its grant goes into the reply, with the whole lease that it wants.
-- A message that reached nobody means that the process is gone, but only where its subscription was known to work, and once: until it is
-- heard of again the entry is passed over, and then it counts as one that a heartbeat has to tell.
-- Returns {0, now µs, fence, 1 = others wait, token} where the lock went to a process in line, and whether it was `own`.
local function hand_over(channel, own, lease)
  local at = 0
  while true do
    local found = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 1)
    local member = found[1]
    if not member then
      return nil
    end
    local token, given = string.match(member, '^q(%S+) (%d+)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    if not mark then
      redis.call('ZREM', KEYS[2], member)
    elseif mark == 'p' and process ~= own then
      at = at + 1
    else
      redis.call('SET', KEYS[1], token, 'PX', process == own and lease or given)
      local fence = reserve(1)
      redis.call('ZREM', KEYS[2], member, mark .. process)
      local grant = { 0, now, fence, others_wait(), token }
      if process == own then
        return grant, true
      end
      local message = 'g' .. token .. ' ' .. micros(fence) .. ' ' .. grant[4] .. ' ' .. KEYS[1]
      local heard = redis.pcall('PUBLISH', channel .. process, message)
      if mark ~= 's' or heard ~= 0 then
        return grant, false
      end
      redis.call('DEL', KEYS[1])
      redis.call('ZADD', KEYS[2], found[2], member, lapse, 'p' .. process)
      at = at + 1
    end
  end
end

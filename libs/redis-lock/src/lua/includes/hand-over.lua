-- Hands a free lock over to the next live process in line: the owner is written and its process is told; nothing after that can be refused.
-- `own` is the process that asked: its grant goes into the reply, with the whole lease that it wants.
-- A message that reached nobody means that the process is gone, but only where its subscription was known to work, and once: until it is
-- heard of again the entry is passed over, and then it counts as one that a heartbeat has to tell.
-- Returns {0, now µs, fence, 1 = others wait, token} where the lock went to a process in line, and whether it was `own`.
local function hand_over(channel, own, lease)
  local at = 0
  local dead = {}
  while true do
    local member = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', at, 1)[1]
    if not member then
      return nil
    end
    local token, given = string.match(member, '^q(%S+) (%d+)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    if not mark then
      -- Taken out later: after a first write that is never refused, a server out of memory would refuse none.
      dead[#dead + 1] = member
      at = at + 1
    elseif mark == 'p' and process ~= own then
      at = at + 1
    else
      redis.call('SET', KEYS[1], token, 'PX', process == own and lease or given)
      local others = others_wait(process)
      local grant = { 0, now, reserve(1), others, token }
      local heard
      if process ~= own then
        local message = 'g' .. token .. ' ' .. micros(grant[3]) .. ' ' .. others .. ' ' .. KEYS[1]
        heard = redis.pcall('PUBLISH', channel .. process, message)
      end
      if mark ~= 's' or heard ~= 0 then
        redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
        return grant, process == own
      end
      -- Not the other way round: an empty companion would be gone, and its TTL with it.
      redis.call('DEL', KEYS[1])
      redis.call('ZADD', KEYS[2], lapse, 'p' .. process)
      redis.call('ZREM', KEYS[2], 's' .. process)
      at = at + 1
    end
  end
end

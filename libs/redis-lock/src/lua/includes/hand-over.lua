-- @include marks
-- @include reserve
-- @include admit
-- Nothing is left of who had it before.
local function clear_lock()
  redis.call('DEL', KEYS[1])
  drop_shares()
end
-- When the first of a line came that is alive and not passed over, or is `own`; nil where nobody is.
local function first_since(from, to, own)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  for i = 1, #line, 2 do
    local mark = mark_of(place_of(line[i]))
    if mark and (mark ~= 'p' or own and string.sub(line[i], 2, #own + 2) == own .. ' ') then
      return tonumber(line[i + 1])
    end
  end
end
-- Hands a lock over that is free, or whose owner just gave it up, to the next live process in line: its entry goes, the owner is written, and last of all its process is told.
-- `own` is a token of the process that asks: its grant goes into the reply, with the whole lease that it wants.
-- A message that reached nobody means that the process is gone, but only where its subscription was known to work, and once: until it is
-- heard of again the entry is passed over, and then it counts as one that a heartbeat has to tell.
-- Readers and those who want the lock for themselves take turns: after a writer ('r') all readers in line are admitted at once, after readers
-- ('w') one writer; where neither is known to have been before, whoever came first.
-- Returns {0, now µs, fence, 1 = others wait, token} where the lock went to a process in line, and whether it was `own`; a sixth element says
-- that it went to readers or permits.
local function hand_over(channel, own, lease, first)
  local reader = redis.call('ZRANGEBYSCORE', KEYS[2], READERS, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if reader[1] and not first then
    local read_since, write_since = first_since(READERS, '+inf', own), first_since(QUEUED, QUEUE_END, own)
    first = write_since and write_since <= (read_since or math.huge) - READERS and 'w' or 'r'
  end
  if reader[1] and first == 'r' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    if fit_lock() then
      return grant, mine
    end
  end
  local at, dead = 0, {}
  while true do
    local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 3)
    local member = line[1]
    if not member or string.find(member, ' r', 1, true) then
      break
    end
    local token, given, limit = string.match(member, '^q(%S+) (%d+) ?p?(%d*)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    at = at + 1
    if not mark then
      -- Taken out later: once a script has written, a server out of memory refuses it nothing more.
      dead[#dead + 1] = member
    elseif limit ~= '' and (mark ~= 'p' or token == own) then
      clear_lock()
      local grant, mine = admit_permits(limit, channel, own, lease)
      if fit_lock() then
        return grant, mine
      end
      at, dead = at - #dead, {}
    elseif mark ~= 'p' or token == own then
      -- First, since it is never refused: a release has to work out of memory.
      redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
      at, dead = at - #dead, {}
      redis.call('SET', KEYS[1], token, 'PX', token == own and lease or given)
      local behind = line[3] and (line[5] or string.find(line[3], ' r', 1, true) or process_of(string.sub(line[3], 2)) ~= process)
      -- Before it stand those that were passed over.
      local others = (at > 1 or behind) and 1 or 0
      local grant = { 0, now, reserve(1), others, token }
      if token == own then
        return grant, true
      end
      local message = 'g' .. token .. ' ' .. micros(grant[3]) .. ' ' .. others .. ' ' .. KEYS[1]
      local heard = redis.pcall('PUBLISH', channel .. process, message)
      if mark ~= 's' or heard ~= 0 then
        return grant, false
      end
      redis.call('DEL', KEYS[1])
      -- An older mark would count before this one.
      redis.call('ZREM', KEYS[2], 'u' .. process)
      redis.call('ZADD', KEYS[2], line[2], member, lapse, 'p' .. process)
      live_for(math.ceil((-lapse - now) / 1000))
    end
  end
  if reader[1] and first == 'w' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    return fit_lock() and grant, mine
  end
end

-- @include queue
-- @include live-for
-- @include micros
-- Whose mark it is: a process's, which has another one among readers.
local function place_of(member)
  local process = process_of(string.sub(member, 2))
  return string.find(member, ' r', 1, true) and process .. '/r' or process
end
-- The mark of a place in line that is alive, and its score.
local function mark_of(place)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. place)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
-- Whether somebody alive, and not passed over, waits for the lock as a whole.
local function writer_waits()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, QUEUE_END)) do
    if (mark_of(place_of(member)) or 'p') ~= 'p' then
      return true
    end
  end
  return false
end

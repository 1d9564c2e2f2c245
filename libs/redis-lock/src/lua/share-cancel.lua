-- Takes back an attempt to get shares that nobody waits for any more, or whose answer was never clear: leaves the line, gives up what the token
-- got, and leaves a tombstone for the command if it may still be on its way.
-- KEYS  1 lock, 2 companion, 3 fence counter
-- ARGV  1 token, 2 ms the tombstone stays (0 = none), 3 channel prefix, 4 'r' in the line of readers, else ''
-- Reply 1 the token had shares | 0 it had none
-- @include now
-- @include note-until
-- @include find-entry
-- @include settle
local from, to = QUEUED, QUEUE_END
if ARGV[4] == 'r' then
  from, to = READERS, '+inf'
end
local dropped = drop_shares(ARGV[1])
local process = process_of(ARGV[1])
local entry = find_entry(ARGV[1] .. ' ', from, to)
if entry then
  redis.call('ZREM', KEYS[2], entry)
  if not find_entry(process .. '.', from, to) then
    local place = place_of(entry)
    redis.call('ZREM', KEYS[2], 's' .. place, 'u' .. place, 'p' .. place)
  end
end
if ARGV[2] ~= '0' then
  note_until('x' .. ARGV[1], tonumber(ARGV[2]))
end
-- Also where it only stood in line: it may have kept others waiting.
settle(ARGV[3])
return dropped > 0 and 1 or 0

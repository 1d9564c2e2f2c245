-- Takes back an attempt that nobody waits for any more, or whose answer was never clear: leaves the line, hands the lock over if the token
-- got it, and leaves a tombstone for the command if it may still be on its way.
-- KEYS  1 lock, 2 companion, 3 fence counter
-- ARGV  1 token, 2 ms the tombstone stays (0 = none), 3 channel prefix
-- Reply 1 the token owned the lock, or had a share of it | 0 it did not
-- @include now
-- @include note-until
-- @include find-entry
-- @include settle
local owned = redis.pcall('GET', KEYS[1]) == ARGV[1]
if owned then
  redis.call('DEL', KEYS[1])
end
-- A downgrade may have made a reader of it.
local dropped = owned and 0 or drop_shares(ARGV[1])
local process = process_of(ARGV[1])
local entry = find_entry(ARGV[1] .. ' ')
if entry then
  redis.call('ZREM', KEYS[2], entry)
  if not find_entry(process .. '.') then
    redis.call('ZREM', KEYS[2], 's' .. process, 'u' .. process, 'p' .. process)
  end
end
if ARGV[2] ~= '0' then
  note_until('x' .. ARGV[1], tonumber(ARGV[2]))
end
if owned then
  hand_over(ARGV[3], nil, nil, 'r')
else
  -- Also where it only stood in line: it may have kept others waiting.
  settle(ARGV[3])
end
return (owned or dropped > 0) and 1 or 0

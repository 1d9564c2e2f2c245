-- Takes back a begin whose answer was never clear: as record-fail, and leaves a tombstone for the command if it is still on its way.
-- KEYS  1 record, 2 companion
-- ARGV  1 ms the tombstone stays, 2 token
-- Reply 1 the operation may be run again | 0 the record was not the token's, or is done
-- @include now
-- @include micros
-- @include note-until
-- @include undo-attempt
local undone = undo_attempt(KEYS[1], ARGV[2])
note_until('x' .. ARGV[2], tonumber(ARGV[1]))
return undone

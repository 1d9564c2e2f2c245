-- Lets an operation be run again, since the attempt that ran it failed. May be repeated.
-- KEYS  1 record
-- ARGV  1 token
-- Reply 1 it may be run again | 0 the record is not the token's any more, or is done
-- @include undo-attempt
return undo_attempt(KEYS[1], ARGV[1])

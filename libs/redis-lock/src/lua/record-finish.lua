-- Stores how an attempt ended, if the record is still its own. May be repeated.
-- KEYS  1 record
-- ARGV  1 retention ms, 2 the record as it is to be, with the attempt's token in its header
-- Reply 1 stored | 0 the record is not the token's any more
-- @include record-owner
local state = owned_state(KEYS[1], string.sub(ARGV[2], 7, 22))
if not state or state == FREE then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1])
return 1

-- Starts the lease of a running attempt anew: the lease counts from when the TTL was last the whole retention.
-- KEYS  1 record
-- ARGV  1 retention ms, 2 token
-- Reply 1 renewed | 0 the record is not the token's any more, or is not running
-- @include record-owner
if owned_state(KEYS[1], ARGV[2]) ~= RUNNING then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1

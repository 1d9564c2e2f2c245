-- Reads what is known of a record, in one piece.
-- KEYS  1 record
-- Reply {state, attempt, retention ms, lease ms, pttl, bytes of the reply} | nil where there is none
-- @include read-record
if not record then
  return false
end
return { state, attempt, retention, lease, redis.call('PTTL', KEYS[1]), #record - HEADER_BYTES }

-- Starts an operation, or says what became of it. A late or cancelled command does nothing.
-- KEYS  1 record, 2 companion (tombstones)
-- ARGV  1 retention ms, 2 deadline in server µs, 3 whether to take over an attempt whose lease ran out (1 or 0),
--       4 token, fingerprint, retention and lease as they stand in a record
-- Reply {0, now µs, attempt} started | {1, now, ms left of the lease, pttl} running | {2, now} stale | {3, now} cancelled
--       | {4, now} another fingerprint | {5, now} its lease ran out | {6, now, reply} done | {7, now, reply} done, not replayable
-- @include now
if now > tonumber(ARGV[2]) then
  return { 2, now }
end
if redis.call('EXISTS', KEYS[2]) == 1 and redis.call('ZSCORE', KEYS[2], 'x' .. string.sub(ARGV[4], 1, 16)) then
  return { 3, now }
end
-- @include read-record
-- A failed record binds nobody.
if record and state ~= FREE then
  if fingerprint ~= string.sub(ARGV[4], 17, 32) then
    return { 4, now }
  end
  if state ~= RUNNING then
    return { state == DONE and 6 or 7, now, string.sub(record, HEADER_BYTES + 1) }
  end
  local left = redis.call('PTTL', KEYS[1])
  local age = retention - left
  if age <= lease then
    return { 1, now, lease - age, left }
  end
  if ARGV[3] ~= '1' then
    return { 5, now }
  end
end
local number = (attempt or 0) + 1
redis.call('SET', KEYS[1], struct.pack('>BBI4', 1, RUNNING, number) .. ARGV[4], 'PX', ARGV[1])
return { 0, now, number }

-- Lets the operation be run again where the token runs it, or did until this was called before: 1, else 0.
-- A first attempt's record goes; a later one's stays as free, so that no number of an attempt is given twice.
-- @include record-states
-- @include read-string
local function undo_attempt(record, owner)
  local header = read_string('GETRANGE', record, 0, HEADER_BYTES - 1)
  if #header < HEADER_BYTES then
    return 0
  end
  local version, state, attempt, token, _, retention = struct.unpack(HEADER, header)
  if version ~= 1 or token ~= owner then
    return 0
  end
  if state == RUNNING and attempt == 1 then
    redis.call('DEL', record)
  elseif state == RUNNING then
    -- Out of memory, a server refuses SET unless the script has written before.
    redis.call('PEXPIRE', record, retention)
    redis.call('SET', record, struct.pack('>BB', 1, FREE) .. string.sub(header, 3), 'PX', retention)
  elseif state ~= FREE then
    return 0
  end
  return 1
end

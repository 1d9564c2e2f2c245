-- record: the whole record, or false where there is none; and what its header says.
-- @include record-states
-- @include read-string
local record = read_string('GET', KEYS[1])
local version, state, attempt, token, fingerprint, retention, lease
if record then
  if #record >= HEADER_BYTES then
    version, state, attempt, token, fingerprint, retention, lease = struct.unpack(HEADER, record)
  end
  if version ~= 1 or state < RUNNING or state > FREE then
    return redis.error_reply('FOREIGN the key ' .. KEYS[1]
      .. ' holds what another program or a newer version of this package wrote; it was left as it is')
  end
end

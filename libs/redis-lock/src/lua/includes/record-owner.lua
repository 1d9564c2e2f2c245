-- The state of a record where it is the token's, else nil.
-- @include record-states
-- @include read-string
local function owned_state(record, owner)
  local header = read_string('GETRANGE', record, 0, 21)
  if string.byte(header) == 1 and string.sub(header, 7) == owner then
    return string.byte(header, 2)
  end
end

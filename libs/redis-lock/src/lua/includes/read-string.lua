-- What a command reads of a string; '' where the key holds something else.
local function read_string(...)
  local value = redis.pcall(...)
  if type(value) ~= 'table' then
    return value
  end
  if string.find(value.err, 'WRONGTYPE', 1, true) then
    return ''
  end
  error(value.err, 0)
end

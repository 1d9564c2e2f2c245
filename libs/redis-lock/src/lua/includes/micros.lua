-- Above 2^46 Lua's own conversion of numbers loses digits.
local function micros(value)
  return string.format('%.0f', value)
end

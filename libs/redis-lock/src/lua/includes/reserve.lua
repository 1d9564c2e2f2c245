-- The first of `count` new fences: above every one before, and never behind the clock, so that they rise after a loss of data as well.
-- The counter lives 30 days after the last grant. Above 2^46 Lua's own conversion of numbers would lose digits.
local function reserve(count)
  local fence = now
  local last = redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000', 'GET')
  if last and tonumber(last) >= fence then
    fence = tonumber(last) + 1
    redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000')
  end
  return fence
end

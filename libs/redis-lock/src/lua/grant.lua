-- Grants a free lock to a token, or says that it is busy. A late or cancelled command does nothing.
-- KEYS  1 lock, 2 companion (tombstones, wake requests), 3 fence counter
-- ARGV  1 token, 2 lease ms, 3 deadline in server µs, 4 fences to reserve,
--       5 process to wake when the lock is freed ('' = none), 6 lapse of that request ms
-- Reply {0, now µs, first fence} granted | {1, now, pttl of the lock} busy | {2, now} stale | {3, now} cancelled
-- @include now
if now > tonumber(ARGV[3]) then
  return { 2, now }
end
if redis.call('EXISTS', KEYS[2]) == 1 and redis.call('ZSCORE', KEYS[2], 'x' .. ARGV[1]) then
  return { 3, now }
end
if redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then
  -- The counter lives 30 days after the last grant. Above 2^46 Lua's own conversion of numbers would lose digits.
  local fence = now
  local reserve = ARGV[4] - 1
  local last = redis.call('SET', KEYS[3], string.format('%.0f', fence + reserve), 'PX', '2592000000', 'GET')
  if last and tonumber(last) >= fence then
    fence = tonumber(last) + 1
    redis.call('SET', KEYS[3], string.format('%.0f', fence + reserve), 'PX', '2592000000')
  end
  return { 0, now, fence }
end
if ARGV[5] ~= '' then
  -- @include micros
  -- @include note-until
  note_until(KEYS[2], 'w' .. ARGV[5], tonumber(ARGV[6]), now)
end
return { 1, now, redis.call('PTTL', KEYS[1]) }

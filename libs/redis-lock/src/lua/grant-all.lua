-- Grants several locks at once, all or none: where each of them is free and nobody waits for it. A late command does nothing; nor does one
-- that was taken back, since its tombstone is in a companion.
-- KEYS  1 lock, 2 companion, 3 fence counter, then a lock and its companion for each other
-- ARGV  1 deadline in server µs, 2 lease ms, then a token for each lock
-- Reply {0, now µs, first fence} granted, with rising fences | {1, now} not all are free | {2, now} stale
-- @include now
if now > tonumber(ARGV[1]) then
  return { 2, now }
end
-- @include reserve
local names = {}
for i, name in ipairs(KEYS) do
  if i ~= 3 then
    names[#names + 1] = name
  end
end
if redis.call('EXISTS', unpack(names)) > 0 then
  return { 1, now }
end
for i = 1, #names, 2 do
  redis.call('SET', names[i], ARGV[2 + (i + 1) / 2], 'PX', ARGV[2])
end
return { 0, now, reserve(#names / 2) }

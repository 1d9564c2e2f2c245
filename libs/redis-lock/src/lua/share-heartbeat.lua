-- Says that a process still waits for shares, and for how many, and finds what a lost message or a crash left undone: as heartbeat.lua does.
-- KEYS  1 lock, 2 companion, 3 fence counter
-- ARGV  1 token in line, 2 token to queue anew with, 3 lease ms, 4 deadline in server µs, 5 terms of the queue
-- Reply {0, now µs, first fence, 0, token, shares} granted | {2, now} stale, or the token to queue anew with was cancelled
--       | {4, now, first queued µs, 1 = first in line, ms until it is worth to look again, token} queued
-- @include now
if now > tonumber(ARGV[4]) then
  return { 2, now }
end
-- @include settle
-- @include queued-share
-- @include find-entry
local terms = read_terms(ARGV[5])
local token = ARGV[1]
local owner = redis.pcall('GET', KEYS[1])
local count = 0
while live_share(share_of(token, count), owner) do
  count = count + 1
end
if count > 0 then
  add_shares(token, count, ARGV[3], owner)
  return { 0, now, reserve(count), 0, token, count }
end
local process = process_of(token)
local place = terms.reads and process .. '/r' or process
local entry = find_entry(token .. ' ', terms.from, terms.to)
if entry then
  terms.since = redis.call('ZSCORE', KEYS[2], entry)
  -- Passed over, it has now been heard of.
  local mark = mark_of(place)
  set_mark(place, (mark == 's' or not mark) and terms.mark or 'u', terms.live)
  if entry ~= 'q' .. token .. ' ' .. terms.entry then
    redis.call('ZREM', KEYS[2], entry)
    redis.call('ZADD', KEYS[2], terms.since, 'q' .. token .. ' ' .. terms.entry)
  end
else
  token = ARGV[2]
  if redis.call('ZSCORE', KEYS[2], 'x' .. token) then
    return { 2, now }
  end
  local ghost = find_entry(process .. '.', terms.from, terms.to)
  if ghost then
    redis.call('ZREM', KEYS[2], ghost)
  end
  enqueue(token, terms)
end
local grant, mine
if owner then
  grant, mine = settle(terms.channel, token, ARGV[3])
else
  grant, mine = hand_over(terms.channel, token, ARGV[3])
end
if mine then
  return grant
end
return queued_share(token, terms)

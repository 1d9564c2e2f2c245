-- Frees a lock whoever holds it, tells the holders' processes, and hands it over to the next process in line.
-- KEYS  1 lock, 2 companion, 3 fence counter
-- ARGV  1 channel prefix
-- Reply 1 somebody held it | 0 it was free
-- @include now
-- @include hand-over
local owner = redis.call('GET', KEYS[1])
if not owner then
  return 0
end
redis.call('DEL', KEYS[1])
local tokens = { owner }
if owner == READ or limit_of(owner) then
  tokens = {}
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now))) do
    tokens[#tokens + 1] = string.match(member, '^h(.+)$')
  end
  drop_shares()
end
for _, token in ipairs(tokens) do
  local process = process_of(token)
  if process then
    redis.pcall('PUBLISH', ARGV[1] .. process, 'f' .. token .. ' ' .. KEYS[1])
  end
end
hand_over(ARGV[1])
return 1

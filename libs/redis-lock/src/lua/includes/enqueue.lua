-- Puts a token in line. Where its process is the first to wait behind another one, the holder's process is told that it is not alone.
local function enqueue(token, terms)
  local process = process_of(token)
  local owner = redis.pcall('GET', KEYS[1])
  local holder = type(owner) == 'string' and process_of(owner)
  local head = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 1)[1]
  local first = head and process_of(string.sub(head, 2))
  local known = first and first ~= holder and (mark_of(first) or 'p') ~= 'p'
  redis.call('ZADD', KEYS[2], terms.since, 'q' .. token .. ' ' .. terms.lease)
  set_mark(process, terms.mark, terms.live)
  if holder and holder ~= process and not known then
    redis.pcall('PUBLISH', terms.channel .. holder, 'o ' .. KEYS[1])
  end
end
-- {4, now µs, first queued µs, 1 = first in line, pttl of the lock, token}
local function queued(token, terms)
  local first = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 1)[1]
  local mine = 'q' .. token .. ' ' .. terms.lease
  return { 4, now, tonumber(redis.call('ZSCORE', KEYS[2], mine)), first == mine and 1 or 0, redis.call('PTTL', KEYS[1]), token }
end

-- @include marks
-- What a client sends once for all of it: '<mark> <ms a process lives unheard of> <lease of a handed-over grant> <first queued µs, 0 = now>
-- <'-' for the lock, 'r' and how many readers, or 'p' and the limit of permits> <channel prefix>'.
local function read_terms(terms)
  local mark, live, lease, since, what, channel = string.match(terms, '^(%a) (%d+) (%d+) (%d+) (%S+) (.*)$')
  local reads = string.sub(what, 1, 1) == 'r'
  return {
    mark = mark,
    live = tonumber(live),
    entry = what == '-' and lease or lease .. ' ' .. what,
    reads = reads,
    from = reads and READERS or QUEUED,
    to = reads and '+inf' or QUEUE_END,
    since = micros((since ~= '0' and since or now) + (reads and READERS or 0)),
    channel = channel,
  }
end
-- Says that a place is alive. What else it is marked with is older, but for a subscription that does not work any more.
local function set_mark(place, mark, live)
  redis.call('ZADD', KEYS[2], micros(-(now + live * 1000)), mark .. place)
  if mark == 'u' then
    redis.call('ZREM', KEYS[2], 's' .. place)
  end
  live_for(live)
end
-- Puts a token in line. The holder's process is told of the first one that waits: it is not alone.
-- Returns whether the token is first.
local function enqueue(token, terms)
  local process = process_of(token)
  local mine = 'q' .. token .. ' ' .. terms.entry
  redis.call('ZADD', KEYS[2], terms.since, mine)
  set_mark(terms.reads and process .. '/r' or process, terms.mark, terms.live)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], terms.from, terms.to, 'LIMIT', 0, 2)
  local before = line[1] ~= mine and line[1] or line[2]
  if not before or (mark_of(place_of(before)) or 'p') == 'p' then
    local owner = redis.pcall('GET', KEYS[1])
    local holder = type(owner) == 'string' and process_of(owner)
    if holder and (holder ~= process or terms.reads) then
      redis.pcall('PUBLISH', terms.channel .. holder, 'o ' .. KEYS[1])
    end
  end
  return line[1] == mine
end
-- {4, now µs, first queued µs, 1 = first in line, pttl of the lock, token}
local function queued(token, since, is_first, pttl)
  since = tonumber(since)
  since = since < READERS + 0 and since or since - READERS
  return { 4, now, since, is_first and 1 or 0, pttl or redis.call('PTTL', KEYS[1]), token }
end

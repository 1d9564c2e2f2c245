-- The queue, in the companion: an entry per process, 'q' token ' ' lease of a grant that is handed over to it, scored by when the process
-- first queued; and its mark, which lapses unless the process is heard of: 's' its subscription works, 'u' unknown, 'p' it was passed over
-- since a message to it reached nobody.
local QUEUED = '(0'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function mark_of(process)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. process)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function set_mark(process, mark, ms)
  redis.call('ZREM', KEYS[2], 's' .. process, 'u' .. process, 'p' .. process)
  note_until(KEYS[2], mark .. process, ms, now)
end
-- What a client sends once for all of it: '<mark> <ms a process lives unheard of> <lease of a handed-over grant> <first queued µs, 0 = now> <channel prefix>'.
local function read_terms(terms)
  local mark, live, lease, since, channel = string.match(terms, '^(%a) (%d+) (%d+) (%d+) (.*)$')
  return { mark = mark, live = tonumber(live), lease = lease, since = since == '0' and micros(now) or since, channel = channel }
end
-- The entry whose token begins so, and its score.
local function find_entry(beginning)
  local members = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES')
  for i = 1, #members, 2 do
    if string.sub(members[i], 2, #beginning + 1) == beginning then
      return members[i], members[i + 1]
    end
  end
end
-- Whether processes other than that one wait. Each has one entry, or for a moment two.
local function others_wait(process)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 3)) do
    if process_of(string.sub(member, 2)) ~= process then
      return 1
    end
  end
  return 0
end

// Written by `npm run build:lua` from the .lua files beside it. Do not edit.
import type { LuaScript } from './lua-script.js';

export const CANCEL: LuaScript = {
  name: 'cancel',
  sha1: 'bc911b3b28a626d6a26c4ab2aab160632ac75e0d',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function micros(value)
  return string.format('%.0f', value)
end
local function live_for(ms)
  if redis.call('PTTL', KEYS[2]) < ms then
    redis.call('PEXPIRE', KEYS[2], ms)
  end
end
local function note_until(member, ms)
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '(' .. micros(-now), '0')
  redis.call('ZADD', KEYS[2], micros(-(now + ms * 1000)), member)
  live_for(ms)
end
local QUEUED = '(0'
local QUEUE_END = '(4503599627370496'
local READERS = '4503599627370496'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function find_entry(beginning, from, to)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], from or QUEUED, to or QUEUE_END)) do
    if string.sub(member, 2, #beginning + 1) == beginning then
      return member
    end
  end
end
local function place_of(member)
  local process = process_of(string.sub(member, 2))
  return string.find(member, ' r', 1, true) and process .. '/r' or process
end
local function mark_of(place)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. place)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function writer_waits()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, QUEUE_END)) do
    if (mark_of(place_of(member)) or 'p') ~= 'p' then
      return true
    end
  end
  return false
end
local function reserve(count)
  local fence = now
  local last = redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000', 'GET')
  if last and tonumber(last) >= fence then
    fence = tonumber(last) + 1
    redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000')
  end
  return fence
end
local SHARES = 4503599627370496
local SHARES_END = '(-4503599627370496'
local function share_score(at)
  return micros(-(SHARES + at))
end
local function share_end(score)
  return -score - SHARES
end
local READ = '~1:read'
local function limit_of(marker)
  return tonumber(string.match(marker, '^~1:limit:(%d+)$'))
end
local function share_of(token, i)
  return i == 0 and token or token .. '/' .. i
end
local function live_shares()
  return redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. share_score(now))
end
local function share_left(at)
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now), 'WITHSCORES', 'LIMIT', at, 1)
  return found[1] and math.ceil((share_end(found[2]) - now) / 1000)
end
local function live_share(token, owner)
  local score = redis.call('ZSCORE', KEYS[2], 'h' .. token)
  if score and share_end(score) > now and type(owner) == 'string' and (owner == READ or limit_of(owner)) then
    return share_end(score)
  end
end
local function add_shares(token, count, ms, marker)
  if redis.call('PTTL', KEYS[1]) < tonumber(ms) then
    redis.call('SET', KEYS[1], marker, 'PX', ms)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], share_score(now), SHARES_END)
  local lapse, members = share_score(now + ms * 1000), {}
  for i = 0, count - 1 do
    members[2 * i + 1] = lapse
    members[2 * i + 2] = 'h' .. share_of(token, i)
  end
  redis.call('ZADD', KEYS[2], 'LT', unpack(members))
  live_for(tonumber(ms))
end
local function drop_shares(token)
  local dropped = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', SHARES_END)) do
    if not token or string.match(member, '^h([^/]+)') == token then
      dropped = dropped + redis.call('ZREM', KEYS[2], member)
    end
  end
  return dropped
end
local function fit_lock()
  local ms = share_left(0)
  if ms then
    redis.call('PEXPIRE', KEYS[1], ms)
  else
    redis.call('DEL', KEYS[1])
  end
  local last = redis.call('ZRANGEBYSCORE', KEYS[2], SHARES_END, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  redis.call('PEXPIRE', KEYS[2], math.max(1, ms or 0, last[1] and math.ceil((-last[2] - now) / 1000) or 0))
  return ms ~= nil
end
local function admit(entry, score, marker, channel, own, lease)
  local token, given, count = string.match(entry, '^q(%S+) (%d+) r?(%d*)')
  local place = place_of(entry)
  local mark, lapse = mark_of(place)
  count = math.max(1, tonumber(count) or 1)
  redis.call('ZREM', KEYS[2], entry, mark .. place)
  add_shares(token, count, token == own and lease or given, marker)
  local grant = { 0, now, reserve(count), 0, token, count }
  if token == own then
    return grant
  end
  local message = (marker == READ and 'r' or 'p') .. token .. ' ' .. micros(grant[3]) .. ' ' .. count .. ' ' .. KEYS[1]
  if redis.pcall('PUBLISH', channel .. process_of(token), message) ~= 0 or mark ~= 's' then
    return grant
  end
  drop_shares(token)
  redis.call('ZREM', KEYS[2], 'u' .. place)
  redis.call('ZADD', KEYS[2], score, entry, lapse, 'p' .. place)
  live_for(math.ceil((-lapse - now) / 1000))
  return false
end
local function admit_line(from, to, marker, most, what, channel, own, lease)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  local grant, mine
  for i = 1, #line, 2 do
    if most < 1 then
      break
    end
    local entry = line[i]
    local mark = mark_of(place_of(entry))
    if not mark then
      redis.call('ZREM', KEYS[2], entry)
    elseif mark ~= 'p' or (own and string.sub(entry, 2, #own + 2) == own .. ' ') then
      if what and string.sub(entry, -#what) ~= what then
        break
      end
      local done = admit(entry, line[i + 1], marker, channel, own, lease)
      if done then
        most = most - 1
        if done[5] == own then
          grant, mine = done, true
        end
        grant = grant or done
      end
    end
  end
  return grant, mine
end
local function admit_readers(channel, own, lease)
  return admit_line(READERS, '+inf', READ, math.huge, nil, channel, own, lease)
end
local function admit_permits(limit, channel, own, lease)
  return admit_line(QUEUED, QUEUE_END, '~1:limit:' .. limit, limit - live_shares(), ' p' .. limit, channel, own, lease)
end
local function clear_lock()
  redis.call('DEL', KEYS[1])
  drop_shares()
end
local function first_since(from, to, own)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  for i = 1, #line, 2 do
    local mark = mark_of(place_of(line[i]))
    if mark and (mark ~= 'p' or own and string.sub(line[i], 2, #own + 2) == own .. ' ') then
      return tonumber(line[i + 1])
    end
  end
end
local function hand_over(channel, own, lease, first)
  local reader = redis.call('ZRANGEBYSCORE', KEYS[2], READERS, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if reader[1] and not first then
    local read_since, write_since = first_since(READERS, '+inf', own), first_since(QUEUED, QUEUE_END, own)
    first = write_since and write_since <= (read_since or math.huge) - READERS and 'w' or 'r'
  end
  if reader[1] and first == 'r' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    if fit_lock() then
      return grant, mine
    end
  end
  local at, dead = 0, {}
  while true do
    local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 3)
    local member = line[1]
    if not member or string.find(member, ' r', 1, true) then
      break
    end
    local token, given, limit = string.match(member, '^q(%S+) (%d+) ?p?(%d*)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    at = at + 1
    if not mark then
      dead[#dead + 1] = member
    elseif limit ~= '' and (mark ~= 'p' or token == own) then
      clear_lock()
      local grant, mine = admit_permits(limit, channel, own, lease)
      if fit_lock() then
        return grant, mine
      end
      at, dead = at - #dead, {}
    elseif mark ~= 'p' or token == own then
      redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
      at, dead = at - #dead, {}
      redis.call('SET', KEYS[1], token, 'PX', token == own and lease or given)
      local behind = line[3] and (line[5] or string.find(line[3], ' r', 1, true) or process_of(string.sub(line[3], 2)) ~= process)
      local others = (at > 1 or behind) and 1 or 0
      local grant = { 0, now, reserve(1), others, token }
      if token == own then
        return grant, true
      end
      local message = 'g' .. token .. ' ' .. micros(grant[3]) .. ' ' .. others .. ' ' .. KEYS[1]
      local heard = redis.pcall('PUBLISH', channel .. process, message)
      if mark ~= 's' or heard ~= 0 then
        return grant, false
      end
      redis.call('DEL', KEYS[1])
      redis.call('ZREM', KEYS[2], 'u' .. process)
      redis.call('ZADD', KEYS[2], line[2], member, lapse, 'p' .. process)
      live_for(math.ceil((-lapse - now) / 1000))
    end
  end
  if reader[1] and first == 'w' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    return fit_lock() and grant, mine
  end
end
local function settle(channel, own, lease)
  local marker = redis.pcall('GET', KEYS[1])
  local limit = type(marker) == 'string' and limit_of(marker)
  local grant, mine
  if limit then
    grant, mine = admit_permits(limit, channel, own, lease)
  elseif marker == READ and share_left(0) and not writer_waits() then
    grant, mine = admit_readers(channel, own, lease)
  end
  if (limit or marker == READ) and not fit_lock() then
    return hand_over(channel, own, lease, 'w')
  end
  return grant, mine
end
local owned = redis.pcall('GET', KEYS[1]) == ARGV[1]
if owned then
  redis.call('DEL', KEYS[1])
end
local dropped = owned and 0 or drop_shares(ARGV[1])
local process = process_of(ARGV[1])
local entry = find_entry(ARGV[1] .. ' ')
if entry then
  redis.call('ZREM', KEYS[2], entry)
  if not find_entry(process .. '.') then
    redis.call('ZREM', KEYS[2], 's' .. process, 'u' .. process, 'p' .. process)
  end
end
if ARGV[2] ~= '0' then
  note_until('x' .. ARGV[1], tonumber(ARGV[2]))
end
if owned then
  hand_over(ARGV[3], nil, nil, 'r')
else
  settle(ARGV[3])
end
return (owned or dropped > 0) and 1 or 0
`,
};

export const CONFIRM: LuaScript = {
  name: 'confirm',
  sha1: 'dd4b1078b161b2eafe54f8a8329c003e207c56c1',
  source: `if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return { 0 }
end
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function reserve(count)
  local fence = now
  local last = redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000', 'GET')
  if last and tonumber(last) >= fence then
    fence = tonumber(last) + 1
    redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000')
  end
  return fence
end
local QUEUED = '(0'
local QUEUE_END = '(4503599627370496'
local READERS = '4503599627370496'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function others_wait(process)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 3)) do
    if string.find(member, ' r', 1, true) or process_of(string.sub(member, 2)) ~= process then
      return 1
    end
  end
  return 0
end
redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), ARGV[2]))
return { 1, reserve(ARGV[3]), others_wait(process_of(ARGV[1])) }
`,
};

export const DOWNGRADE: LuaScript = {
  name: 'downgrade',
  sha1: 'a68c92d77f91320579189b39f347f58b5ff73429',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
if now > tonumber(ARGV[3]) then
  return { 2, now }
end
local QUEUED = '(0'
local QUEUE_END = '(4503599627370496'
local READERS = '4503599627370496'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function live_for(ms)
  if redis.call('PTTL', KEYS[2]) < ms then
    redis.call('PEXPIRE', KEYS[2], ms)
  end
end
local function micros(value)
  return string.format('%.0f', value)
end
local function place_of(member)
  local process = process_of(string.sub(member, 2))
  return string.find(member, ' r', 1, true) and process .. '/r' or process
end
local function mark_of(place)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. place)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function writer_waits()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, QUEUE_END)) do
    if (mark_of(place_of(member)) or 'p') ~= 'p' then
      return true
    end
  end
  return false
end
local SHARES = 4503599627370496
local SHARES_END = '(-4503599627370496'
local function share_score(at)
  return micros(-(SHARES + at))
end
local function share_end(score)
  return -score - SHARES
end
local READ = '~1:read'
local function limit_of(marker)
  return tonumber(string.match(marker, '^~1:limit:(%d+)$'))
end
local function share_of(token, i)
  return i == 0 and token or token .. '/' .. i
end
local function live_shares()
  return redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. share_score(now))
end
local function share_left(at)
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now), 'WITHSCORES', 'LIMIT', at, 1)
  return found[1] and math.ceil((share_end(found[2]) - now) / 1000)
end
local function live_share(token, owner)
  local score = redis.call('ZSCORE', KEYS[2], 'h' .. token)
  if score and share_end(score) > now and type(owner) == 'string' and (owner == READ or limit_of(owner)) then
    return share_end(score)
  end
end
local function add_shares(token, count, ms, marker)
  if redis.call('PTTL', KEYS[1]) < tonumber(ms) then
    redis.call('SET', KEYS[1], marker, 'PX', ms)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], share_score(now), SHARES_END)
  local lapse, members = share_score(now + ms * 1000), {}
  for i = 0, count - 1 do
    members[2 * i + 1] = lapse
    members[2 * i + 2] = 'h' .. share_of(token, i)
  end
  redis.call('ZADD', KEYS[2], 'LT', unpack(members))
  live_for(tonumber(ms))
end
local function drop_shares(token)
  local dropped = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', SHARES_END)) do
    if not token or string.match(member, '^h([^/]+)') == token then
      dropped = dropped + redis.call('ZREM', KEYS[2], member)
    end
  end
  return dropped
end
local function fit_lock()
  local ms = share_left(0)
  if ms then
    redis.call('PEXPIRE', KEYS[1], ms)
  else
    redis.call('DEL', KEYS[1])
  end
  local last = redis.call('ZRANGEBYSCORE', KEYS[2], SHARES_END, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  redis.call('PEXPIRE', KEYS[2], math.max(1, ms or 0, last[1] and math.ceil((-last[2] - now) / 1000) or 0))
  return ms ~= nil
end
local function reserve(count)
  local fence = now
  local last = redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000', 'GET')
  if last and tonumber(last) >= fence then
    fence = tonumber(last) + 1
    redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000')
  end
  return fence
end
local function admit(entry, score, marker, channel, own, lease)
  local token, given, count = string.match(entry, '^q(%S+) (%d+) r?(%d*)')
  local place = place_of(entry)
  local mark, lapse = mark_of(place)
  count = math.max(1, tonumber(count) or 1)
  redis.call('ZREM', KEYS[2], entry, mark .. place)
  add_shares(token, count, token == own and lease or given, marker)
  local grant = { 0, now, reserve(count), 0, token, count }
  if token == own then
    return grant
  end
  local message = (marker == READ and 'r' or 'p') .. token .. ' ' .. micros(grant[3]) .. ' ' .. count .. ' ' .. KEYS[1]
  if redis.pcall('PUBLISH', channel .. process_of(token), message) ~= 0 or mark ~= 's' then
    return grant
  end
  drop_shares(token)
  redis.call('ZREM', KEYS[2], 'u' .. place)
  redis.call('ZADD', KEYS[2], score, entry, lapse, 'p' .. place)
  live_for(math.ceil((-lapse - now) / 1000))
  return false
end
local function admit_line(from, to, marker, most, what, channel, own, lease)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  local grant, mine
  for i = 1, #line, 2 do
    if most < 1 then
      break
    end
    local entry = line[i]
    local mark = mark_of(place_of(entry))
    if not mark then
      redis.call('ZREM', KEYS[2], entry)
    elseif mark ~= 'p' or (own and string.sub(entry, 2, #own + 2) == own .. ' ') then
      if what and string.sub(entry, -#what) ~= what then
        break
      end
      local done = admit(entry, line[i + 1], marker, channel, own, lease)
      if done then
        most = most - 1
        if done[5] == own then
          grant, mine = done, true
        end
        grant = grant or done
      end
    end
  end
  return grant, mine
end
local function admit_readers(channel, own, lease)
  return admit_line(READERS, '+inf', READ, math.huge, nil, channel, own, lease)
end
local function admit_permits(limit, channel, own, lease)
  return admit_line(QUEUED, QUEUE_END, '~1:limit:' .. limit, limit - live_shares(), ' p' .. limit, channel, own, lease)
end
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return { 0, now }
end
local ms = math.max(redis.call('PTTL', KEYS[1]), ARGV[2])
redis.call('DEL', KEYS[1])
drop_shares()
add_shares(ARGV[1], 1, ms, READ)
admit_readers(ARGV[4])
fit_lock()
return { 1, now }
`,
};

export const EXTEND: LuaScript = {
  name: 'extend',
  sha1: 'da33cef0e1da766f747e69b6252ac2acbb5c2bce',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
if now > tonumber(ARGV[3]) then
  return { 2, now }
end
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return { 0, now }
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { 1, now }
`,
};

export const FORCE_RELEASE: LuaScript = {
  name: 'force-release',
  sha1: '8fe739b8b83ca11dcc1ac06181f0d2cfbcba989a',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local QUEUED = '(0'
local QUEUE_END = '(4503599627370496'
local READERS = '4503599627370496'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function live_for(ms)
  if redis.call('PTTL', KEYS[2]) < ms then
    redis.call('PEXPIRE', KEYS[2], ms)
  end
end
local function micros(value)
  return string.format('%.0f', value)
end
local function place_of(member)
  local process = process_of(string.sub(member, 2))
  return string.find(member, ' r', 1, true) and process .. '/r' or process
end
local function mark_of(place)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. place)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function writer_waits()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, QUEUE_END)) do
    if (mark_of(place_of(member)) or 'p') ~= 'p' then
      return true
    end
  end
  return false
end
local function reserve(count)
  local fence = now
  local last = redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000', 'GET')
  if last and tonumber(last) >= fence then
    fence = tonumber(last) + 1
    redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000')
  end
  return fence
end
local SHARES = 4503599627370496
local SHARES_END = '(-4503599627370496'
local function share_score(at)
  return micros(-(SHARES + at))
end
local function share_end(score)
  return -score - SHARES
end
local READ = '~1:read'
local function limit_of(marker)
  return tonumber(string.match(marker, '^~1:limit:(%d+)$'))
end
local function share_of(token, i)
  return i == 0 and token or token .. '/' .. i
end
local function live_shares()
  return redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. share_score(now))
end
local function share_left(at)
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now), 'WITHSCORES', 'LIMIT', at, 1)
  return found[1] and math.ceil((share_end(found[2]) - now) / 1000)
end
local function live_share(token, owner)
  local score = redis.call('ZSCORE', KEYS[2], 'h' .. token)
  if score and share_end(score) > now and type(owner) == 'string' and (owner == READ or limit_of(owner)) then
    return share_end(score)
  end
end
local function add_shares(token, count, ms, marker)
  if redis.call('PTTL', KEYS[1]) < tonumber(ms) then
    redis.call('SET', KEYS[1], marker, 'PX', ms)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], share_score(now), SHARES_END)
  local lapse, members = share_score(now + ms * 1000), {}
  for i = 0, count - 1 do
    members[2 * i + 1] = lapse
    members[2 * i + 2] = 'h' .. share_of(token, i)
  end
  redis.call('ZADD', KEYS[2], 'LT', unpack(members))
  live_for(tonumber(ms))
end
local function drop_shares(token)
  local dropped = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', SHARES_END)) do
    if not token or string.match(member, '^h([^/]+)') == token then
      dropped = dropped + redis.call('ZREM', KEYS[2], member)
    end
  end
  return dropped
end
local function fit_lock()
  local ms = share_left(0)
  if ms then
    redis.call('PEXPIRE', KEYS[1], ms)
  else
    redis.call('DEL', KEYS[1])
  end
  local last = redis.call('ZRANGEBYSCORE', KEYS[2], SHARES_END, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  redis.call('PEXPIRE', KEYS[2], math.max(1, ms or 0, last[1] and math.ceil((-last[2] - now) / 1000) or 0))
  return ms ~= nil
end
local function admit(entry, score, marker, channel, own, lease)
  local token, given, count = string.match(entry, '^q(%S+) (%d+) r?(%d*)')
  local place = place_of(entry)
  local mark, lapse = mark_of(place)
  count = math.max(1, tonumber(count) or 1)
  redis.call('ZREM', KEYS[2], entry, mark .. place)
  add_shares(token, count, token == own and lease or given, marker)
  local grant = { 0, now, reserve(count), 0, token, count }
  if token == own then
    return grant
  end
  local message = (marker == READ and 'r' or 'p') .. token .. ' ' .. micros(grant[3]) .. ' ' .. count .. ' ' .. KEYS[1]
  if redis.pcall('PUBLISH', channel .. process_of(token), message) ~= 0 or mark ~= 's' then
    return grant
  end
  drop_shares(token)
  redis.call('ZREM', KEYS[2], 'u' .. place)
  redis.call('ZADD', KEYS[2], score, entry, lapse, 'p' .. place)
  live_for(math.ceil((-lapse - now) / 1000))
  return false
end
local function admit_line(from, to, marker, most, what, channel, own, lease)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  local grant, mine
  for i = 1, #line, 2 do
    if most < 1 then
      break
    end
    local entry = line[i]
    local mark = mark_of(place_of(entry))
    if not mark then
      redis.call('ZREM', KEYS[2], entry)
    elseif mark ~= 'p' or (own and string.sub(entry, 2, #own + 2) == own .. ' ') then
      if what and string.sub(entry, -#what) ~= what then
        break
      end
      local done = admit(entry, line[i + 1], marker, channel, own, lease)
      if done then
        most = most - 1
        if done[5] == own then
          grant, mine = done, true
        end
        grant = grant or done
      end
    end
  end
  return grant, mine
end
local function admit_readers(channel, own, lease)
  return admit_line(READERS, '+inf', READ, math.huge, nil, channel, own, lease)
end
local function admit_permits(limit, channel, own, lease)
  return admit_line(QUEUED, QUEUE_END, '~1:limit:' .. limit, limit - live_shares(), ' p' .. limit, channel, own, lease)
end
local function clear_lock()
  redis.call('DEL', KEYS[1])
  drop_shares()
end
local function first_since(from, to, own)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  for i = 1, #line, 2 do
    local mark = mark_of(place_of(line[i]))
    if mark and (mark ~= 'p' or own and string.sub(line[i], 2, #own + 2) == own .. ' ') then
      return tonumber(line[i + 1])
    end
  end
end
local function hand_over(channel, own, lease, first)
  local reader = redis.call('ZRANGEBYSCORE', KEYS[2], READERS, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if reader[1] and not first then
    local read_since, write_since = first_since(READERS, '+inf', own), first_since(QUEUED, QUEUE_END, own)
    first = write_since and write_since <= (read_since or math.huge) - READERS and 'w' or 'r'
  end
  if reader[1] and first == 'r' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    if fit_lock() then
      return grant, mine
    end
  end
  local at, dead = 0, {}
  while true do
    local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 3)
    local member = line[1]
    if not member or string.find(member, ' r', 1, true) then
      break
    end
    local token, given, limit = string.match(member, '^q(%S+) (%d+) ?p?(%d*)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    at = at + 1
    if not mark then
      dead[#dead + 1] = member
    elseif limit ~= '' and (mark ~= 'p' or token == own) then
      clear_lock()
      local grant, mine = admit_permits(limit, channel, own, lease)
      if fit_lock() then
        return grant, mine
      end
      at, dead = at - #dead, {}
    elseif mark ~= 'p' or token == own then
      redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
      at, dead = at - #dead, {}
      redis.call('SET', KEYS[1], token, 'PX', token == own and lease or given)
      local behind = line[3] and (line[5] or string.find(line[3], ' r', 1, true) or process_of(string.sub(line[3], 2)) ~= process)
      local others = (at > 1 or behind) and 1 or 0
      local grant = { 0, now, reserve(1), others, token }
      if token == own then
        return grant, true
      end
      local message = 'g' .. token .. ' ' .. micros(grant[3]) .. ' ' .. others .. ' ' .. KEYS[1]
      local heard = redis.pcall('PUBLISH', channel .. process, message)
      if mark ~= 's' or heard ~= 0 then
        return grant, false
      end
      redis.call('DEL', KEYS[1])
      redis.call('ZREM', KEYS[2], 'u' .. process)
      redis.call('ZADD', KEYS[2], line[2], member, lapse, 'p' .. process)
      live_for(math.ceil((-lapse - now) / 1000))
    end
  end
  if reader[1] and first == 'w' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    return fit_lock() and grant, mine
  end
end
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
`,
};

export const GRANT: LuaScript = {
  name: 'grant',
  sha1: 'c1b1120f3b27e0e34a9463688820236f82c3972f',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
if now > tonumber(ARGV[3]) then
  return { 2, now }
end
local function reserve(count)
  local fence = now
  local last = redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000', 'GET')
  if last and tonumber(last) >= fence then
    fence = tonumber(last) + 1
    redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000')
  end
  return fence
end
local accompanied = redis.call('EXISTS', KEYS[2]) == 1
if accompanied and redis.call('ZSCORE', KEYS[2], 'x' .. ARGV[1]) then
  return { 3, now }
end
if not accompanied and redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then
  return { 0, now, reserve(ARGV[4]), 0 }
end
local QUEUED = '(0'
local QUEUE_END = '(4503599627370496'
local READERS = '4503599627370496'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function live_for(ms)
  if redis.call('PTTL', KEYS[2]) < ms then
    redis.call('PEXPIRE', KEYS[2], ms)
  end
end
local function micros(value)
  return string.format('%.0f', value)
end
local function place_of(member)
  local process = process_of(string.sub(member, 2))
  return string.find(member, ' r', 1, true) and process .. '/r' or process
end
local function mark_of(place)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. place)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function writer_waits()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, QUEUE_END)) do
    if (mark_of(place_of(member)) or 'p') ~= 'p' then
      return true
    end
  end
  return false
end
local SHARES = 4503599627370496
local SHARES_END = '(-4503599627370496'
local function share_score(at)
  return micros(-(SHARES + at))
end
local function share_end(score)
  return -score - SHARES
end
local READ = '~1:read'
local function limit_of(marker)
  return tonumber(string.match(marker, '^~1:limit:(%d+)$'))
end
local function share_of(token, i)
  return i == 0 and token or token .. '/' .. i
end
local function live_shares()
  return redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. share_score(now))
end
local function share_left(at)
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now), 'WITHSCORES', 'LIMIT', at, 1)
  return found[1] and math.ceil((share_end(found[2]) - now) / 1000)
end
local function live_share(token, owner)
  local score = redis.call('ZSCORE', KEYS[2], 'h' .. token)
  if score and share_end(score) > now and type(owner) == 'string' and (owner == READ or limit_of(owner)) then
    return share_end(score)
  end
end
local function add_shares(token, count, ms, marker)
  if redis.call('PTTL', KEYS[1]) < tonumber(ms) then
    redis.call('SET', KEYS[1], marker, 'PX', ms)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], share_score(now), SHARES_END)
  local lapse, members = share_score(now + ms * 1000), {}
  for i = 0, count - 1 do
    members[2 * i + 1] = lapse
    members[2 * i + 2] = 'h' .. share_of(token, i)
  end
  redis.call('ZADD', KEYS[2], 'LT', unpack(members))
  live_for(tonumber(ms))
end
local function drop_shares(token)
  local dropped = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', SHARES_END)) do
    if not token or string.match(member, '^h([^/]+)') == token then
      dropped = dropped + redis.call('ZREM', KEYS[2], member)
    end
  end
  return dropped
end
local function fit_lock()
  local ms = share_left(0)
  if ms then
    redis.call('PEXPIRE', KEYS[1], ms)
  else
    redis.call('DEL', KEYS[1])
  end
  local last = redis.call('ZRANGEBYSCORE', KEYS[2], SHARES_END, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  redis.call('PEXPIRE', KEYS[2], math.max(1, ms or 0, last[1] and math.ceil((-last[2] - now) / 1000) or 0))
  return ms ~= nil
end
local function admit(entry, score, marker, channel, own, lease)
  local token, given, count = string.match(entry, '^q(%S+) (%d+) r?(%d*)')
  local place = place_of(entry)
  local mark, lapse = mark_of(place)
  count = math.max(1, tonumber(count) or 1)
  redis.call('ZREM', KEYS[2], entry, mark .. place)
  add_shares(token, count, token == own and lease or given, marker)
  local grant = { 0, now, reserve(count), 0, token, count }
  if token == own then
    return grant
  end
  local message = (marker == READ and 'r' or 'p') .. token .. ' ' .. micros(grant[3]) .. ' ' .. count .. ' ' .. KEYS[1]
  if redis.pcall('PUBLISH', channel .. process_of(token), message) ~= 0 or mark ~= 's' then
    return grant
  end
  drop_shares(token)
  redis.call('ZREM', KEYS[2], 'u' .. place)
  redis.call('ZADD', KEYS[2], score, entry, lapse, 'p' .. place)
  live_for(math.ceil((-lapse - now) / 1000))
  return false
end
local function admit_line(from, to, marker, most, what, channel, own, lease)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  local grant, mine
  for i = 1, #line, 2 do
    if most < 1 then
      break
    end
    local entry = line[i]
    local mark = mark_of(place_of(entry))
    if not mark then
      redis.call('ZREM', KEYS[2], entry)
    elseif mark ~= 'p' or (own and string.sub(entry, 2, #own + 2) == own .. ' ') then
      if what and string.sub(entry, -#what) ~= what then
        break
      end
      local done = admit(entry, line[i + 1], marker, channel, own, lease)
      if done then
        most = most - 1
        if done[5] == own then
          grant, mine = done, true
        end
        grant = grant or done
      end
    end
  end
  return grant, mine
end
local function admit_readers(channel, own, lease)
  return admit_line(READERS, '+inf', READ, math.huge, nil, channel, own, lease)
end
local function admit_permits(limit, channel, own, lease)
  return admit_line(QUEUED, QUEUE_END, '~1:limit:' .. limit, limit - live_shares(), ' p' .. limit, channel, own, lease)
end
local function clear_lock()
  redis.call('DEL', KEYS[1])
  drop_shares()
end
local function first_since(from, to, own)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  for i = 1, #line, 2 do
    local mark = mark_of(place_of(line[i]))
    if mark and (mark ~= 'p' or own and string.sub(line[i], 2, #own + 2) == own .. ' ') then
      return tonumber(line[i + 1])
    end
  end
end
local function hand_over(channel, own, lease, first)
  local reader = redis.call('ZRANGEBYSCORE', KEYS[2], READERS, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if reader[1] and not first then
    local read_since, write_since = first_since(READERS, '+inf', own), first_since(QUEUED, QUEUE_END, own)
    first = write_since and write_since <= (read_since or math.huge) - READERS and 'w' or 'r'
  end
  if reader[1] and first == 'r' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    if fit_lock() then
      return grant, mine
    end
  end
  local at, dead = 0, {}
  while true do
    local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 3)
    local member = line[1]
    if not member or string.find(member, ' r', 1, true) then
      break
    end
    local token, given, limit = string.match(member, '^q(%S+) (%d+) ?p?(%d*)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    at = at + 1
    if not mark then
      dead[#dead + 1] = member
    elseif limit ~= '' and (mark ~= 'p' or token == own) then
      clear_lock()
      local grant, mine = admit_permits(limit, channel, own, lease)
      if fit_lock() then
        return grant, mine
      end
      at, dead = at - #dead, {}
    elseif mark ~= 'p' or token == own then
      redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
      at, dead = at - #dead, {}
      redis.call('SET', KEYS[1], token, 'PX', token == own and lease or given)
      local behind = line[3] and (line[5] or string.find(line[3], ' r', 1, true) or process_of(string.sub(line[3], 2)) ~= process)
      local others = (at > 1 or behind) and 1 or 0
      local grant = { 0, now, reserve(1), others, token }
      if token == own then
        return grant, true
      end
      local message = 'g' .. token .. ' ' .. micros(grant[3]) .. ' ' .. others .. ' ' .. KEYS[1]
      local heard = redis.pcall('PUBLISH', channel .. process, message)
      if mark ~= 's' or heard ~= 0 then
        return grant, false
      end
      redis.call('DEL', KEYS[1])
      redis.call('ZREM', KEYS[2], 'u' .. process)
      redis.call('ZADD', KEYS[2], line[2], member, lapse, 'p' .. process)
      live_for(math.ceil((-lapse - now) / 1000))
    end
  end
  if reader[1] and first == 'w' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    return fit_lock() and grant, mine
  end
end
local function others_wait(process)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 3)) do
    if string.find(member, ' r', 1, true) or process_of(string.sub(member, 2)) ~= process then
      return 1
    end
  end
  return 0
end
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
local function set_mark(place, mark, live)
  redis.call('ZADD', KEYS[2], micros(-(now + live * 1000)), mark .. place)
  if mark == 'u' then
    redis.call('ZREM', KEYS[2], 's' .. place)
  end
  live_for(live)
end
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
local function queued(token, since, is_first, pttl)
  since = tonumber(since)
  since = since < READERS + 0 and since or since - READERS
  return { 4, now, since, is_first and 1 or 0, pttl or redis.call('PTTL', KEYS[1]), token }
end
if accompanied and redis.call('EXISTS', KEYS[1]) == 0 then
  hand_over(ARGV[6])
  if redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then
    return { 0, now, reserve(ARGV[4]), others_wait(process_of(ARGV[1])) }
  end
end
local owner = redis.pcall('GET', KEYS[1])
if type(owner) == 'string' and limit_of(owner) then
  return { 6, now, owner }
end
if ARGV[5] == '' then
  return { 1, now, redis.call('PTTL', KEYS[1]) }
end
local terms = read_terms(ARGV[5])
return queued(ARGV[1], terms.since, enqueue(ARGV[1], terms))
`,
};

export const GRANT_ALL: LuaScript = {
  name: 'grant-all',
  sha1: '122743734a5514bce607ee25267521e54e0c4679',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
if now > tonumber(ARGV[1]) then
  return { 2, now }
end
local function reserve(count)
  local fence = now
  local last = redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000', 'GET')
  if last and tonumber(last) >= fence then
    fence = tonumber(last) + 1
    redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000')
  end
  return fence
end
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
`,
};

export const HEARTBEAT: LuaScript = {
  name: 'heartbeat',
  sha1: '817768a5631054f3b829ce897cf081f7f23e0d4e',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
if now > tonumber(ARGV[4]) then
  return { 2, now }
end
local QUEUED = '(0'
local QUEUE_END = '(4503599627370496'
local READERS = '4503599627370496'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function others_wait(process)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 3)) do
    if string.find(member, ' r', 1, true) or process_of(string.sub(member, 2)) ~= process then
      return 1
    end
  end
  return 0
end
local function reserve(count)
  local fence = now
  local last = redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000', 'GET')
  if last and tonumber(last) >= fence then
    fence = tonumber(last) + 1
    redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000')
  end
  return fence
end
local owner = redis.pcall('GET', KEYS[1])
if owner == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), ARGV[3]))
  return { 0, now, reserve(1), others_wait(process_of(owner)), owner }
end
local function live_for(ms)
  if redis.call('PTTL', KEYS[2]) < ms then
    redis.call('PEXPIRE', KEYS[2], ms)
  end
end
local function micros(value)
  return string.format('%.0f', value)
end
local function place_of(member)
  local process = process_of(string.sub(member, 2))
  return string.find(member, ' r', 1, true) and process .. '/r' or process
end
local function mark_of(place)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. place)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function writer_waits()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, QUEUE_END)) do
    if (mark_of(place_of(member)) or 'p') ~= 'p' then
      return true
    end
  end
  return false
end
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
local function set_mark(place, mark, live)
  redis.call('ZADD', KEYS[2], micros(-(now + live * 1000)), mark .. place)
  if mark == 'u' then
    redis.call('ZREM', KEYS[2], 's' .. place)
  end
  live_for(live)
end
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
local function queued(token, since, is_first, pttl)
  since = tonumber(since)
  since = since < READERS + 0 and since or since - READERS
  return { 4, now, since, is_first and 1 or 0, pttl or redis.call('PTTL', KEYS[1]), token }
end
local function find_entry(beginning, from, to)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], from or QUEUED, to or QUEUE_END)) do
    if string.sub(member, 2, #beginning + 1) == beginning then
      return member
    end
  end
end
local SHARES = 4503599627370496
local SHARES_END = '(-4503599627370496'
local function share_score(at)
  return micros(-(SHARES + at))
end
local function share_end(score)
  return -score - SHARES
end
local READ = '~1:read'
local function limit_of(marker)
  return tonumber(string.match(marker, '^~1:limit:(%d+)$'))
end
local function share_of(token, i)
  return i == 0 and token or token .. '/' .. i
end
local function live_shares()
  return redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. share_score(now))
end
local function share_left(at)
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now), 'WITHSCORES', 'LIMIT', at, 1)
  return found[1] and math.ceil((share_end(found[2]) - now) / 1000)
end
local function live_share(token, owner)
  local score = redis.call('ZSCORE', KEYS[2], 'h' .. token)
  if score and share_end(score) > now and type(owner) == 'string' and (owner == READ or limit_of(owner)) then
    return share_end(score)
  end
end
local function add_shares(token, count, ms, marker)
  if redis.call('PTTL', KEYS[1]) < tonumber(ms) then
    redis.call('SET', KEYS[1], marker, 'PX', ms)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], share_score(now), SHARES_END)
  local lapse, members = share_score(now + ms * 1000), {}
  for i = 0, count - 1 do
    members[2 * i + 1] = lapse
    members[2 * i + 2] = 'h' .. share_of(token, i)
  end
  redis.call('ZADD', KEYS[2], 'LT', unpack(members))
  live_for(tonumber(ms))
end
local function drop_shares(token)
  local dropped = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', SHARES_END)) do
    if not token or string.match(member, '^h([^/]+)') == token then
      dropped = dropped + redis.call('ZREM', KEYS[2], member)
    end
  end
  return dropped
end
local function fit_lock()
  local ms = share_left(0)
  if ms then
    redis.call('PEXPIRE', KEYS[1], ms)
  else
    redis.call('DEL', KEYS[1])
  end
  local last = redis.call('ZRANGEBYSCORE', KEYS[2], SHARES_END, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  redis.call('PEXPIRE', KEYS[2], math.max(1, ms or 0, last[1] and math.ceil((-last[2] - now) / 1000) or 0))
  return ms ~= nil
end
local function admit(entry, score, marker, channel, own, lease)
  local token, given, count = string.match(entry, '^q(%S+) (%d+) r?(%d*)')
  local place = place_of(entry)
  local mark, lapse = mark_of(place)
  count = math.max(1, tonumber(count) or 1)
  redis.call('ZREM', KEYS[2], entry, mark .. place)
  add_shares(token, count, token == own and lease or given, marker)
  local grant = { 0, now, reserve(count), 0, token, count }
  if token == own then
    return grant
  end
  local message = (marker == READ and 'r' or 'p') .. token .. ' ' .. micros(grant[3]) .. ' ' .. count .. ' ' .. KEYS[1]
  if redis.pcall('PUBLISH', channel .. process_of(token), message) ~= 0 or mark ~= 's' then
    return grant
  end
  drop_shares(token)
  redis.call('ZREM', KEYS[2], 'u' .. place)
  redis.call('ZADD', KEYS[2], score, entry, lapse, 'p' .. place)
  live_for(math.ceil((-lapse - now) / 1000))
  return false
end
local function admit_line(from, to, marker, most, what, channel, own, lease)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  local grant, mine
  for i = 1, #line, 2 do
    if most < 1 then
      break
    end
    local entry = line[i]
    local mark = mark_of(place_of(entry))
    if not mark then
      redis.call('ZREM', KEYS[2], entry)
    elseif mark ~= 'p' or (own and string.sub(entry, 2, #own + 2) == own .. ' ') then
      if what and string.sub(entry, -#what) ~= what then
        break
      end
      local done = admit(entry, line[i + 1], marker, channel, own, lease)
      if done then
        most = most - 1
        if done[5] == own then
          grant, mine = done, true
        end
        grant = grant or done
      end
    end
  end
  return grant, mine
end
local function admit_readers(channel, own, lease)
  return admit_line(READERS, '+inf', READ, math.huge, nil, channel, own, lease)
end
local function admit_permits(limit, channel, own, lease)
  return admit_line(QUEUED, QUEUE_END, '~1:limit:' .. limit, limit - live_shares(), ' p' .. limit, channel, own, lease)
end
local function clear_lock()
  redis.call('DEL', KEYS[1])
  drop_shares()
end
local function first_since(from, to, own)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  for i = 1, #line, 2 do
    local mark = mark_of(place_of(line[i]))
    if mark and (mark ~= 'p' or own and string.sub(line[i], 2, #own + 2) == own .. ' ') then
      return tonumber(line[i + 1])
    end
  end
end
local function hand_over(channel, own, lease, first)
  local reader = redis.call('ZRANGEBYSCORE', KEYS[2], READERS, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if reader[1] and not first then
    local read_since, write_since = first_since(READERS, '+inf', own), first_since(QUEUED, QUEUE_END, own)
    first = write_since and write_since <= (read_since or math.huge) - READERS and 'w' or 'r'
  end
  if reader[1] and first == 'r' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    if fit_lock() then
      return grant, mine
    end
  end
  local at, dead = 0, {}
  while true do
    local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 3)
    local member = line[1]
    if not member or string.find(member, ' r', 1, true) then
      break
    end
    local token, given, limit = string.match(member, '^q(%S+) (%d+) ?p?(%d*)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    at = at + 1
    if not mark then
      dead[#dead + 1] = member
    elseif limit ~= '' and (mark ~= 'p' or token == own) then
      clear_lock()
      local grant, mine = admit_permits(limit, channel, own, lease)
      if fit_lock() then
        return grant, mine
      end
      at, dead = at - #dead, {}
    elseif mark ~= 'p' or token == own then
      redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
      at, dead = at - #dead, {}
      redis.call('SET', KEYS[1], token, 'PX', token == own and lease or given)
      local behind = line[3] and (line[5] or string.find(line[3], ' r', 1, true) or process_of(string.sub(line[3], 2)) ~= process)
      local others = (at > 1 or behind) and 1 or 0
      local grant = { 0, now, reserve(1), others, token }
      if token == own then
        return grant, true
      end
      local message = 'g' .. token .. ' ' .. micros(grant[3]) .. ' ' .. others .. ' ' .. KEYS[1]
      local heard = redis.pcall('PUBLISH', channel .. process, message)
      if mark ~= 's' or heard ~= 0 then
        return grant, false
      end
      redis.call('DEL', KEYS[1])
      redis.call('ZREM', KEYS[2], 'u' .. process)
      redis.call('ZADD', KEYS[2], line[2], member, lapse, 'p' .. process)
      live_for(math.ceil((-lapse - now) / 1000))
    end
  end
  if reader[1] and first == 'w' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    return fit_lock() and grant, mine
  end
end
local terms = read_terms(ARGV[5])
local process = process_of(ARGV[1])
local token = ARGV[1]
local since = redis.call('ZSCORE', KEYS[2], 'q' .. token .. ' ' .. terms.entry)
if since then
  local mark = mark_of(process)
  set_mark(process, (mark == 's' or not mark) and terms.mark or 'u', terms.live)
else
  if type(owner) == 'string' and process_of(owner) == process then
    return { 5, now, owner }
  end
  token = ARGV[2]
  if redis.call('ZSCORE', KEYS[2], 'x' .. token) then
    return { 2, now }
  end
  local ghost = find_entry(process .. '.')
  if ghost then
    redis.call('ZREM', KEYS[2], ghost)
  end
  since = terms.since
  enqueue(token, terms)
end
if not owner then
  local grant, mine = hand_over(terms.channel, token, ARGV[3])
  if mine then
    return grant
  end
end
local first = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 1)[1]
return queued(token, since, first == 'q' .. token .. ' ' .. terms.entry)
`,
};

export const INSPECT: LuaScript = {
  name: 'inspect',
  sha1: '4d397f09bf861bc976a3f3357c0c2ccd7e8fb05a',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local QUEUED = '(0'
local QUEUE_END = '(4503599627370496'
local READERS = '4503599627370496'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function live_for(ms)
  if redis.call('PTTL', KEYS[2]) < ms then
    redis.call('PEXPIRE', KEYS[2], ms)
  end
end
local function micros(value)
  return string.format('%.0f', value)
end
local function place_of(member)
  local process = process_of(string.sub(member, 2))
  return string.find(member, ' r', 1, true) and process .. '/r' or process
end
local function mark_of(place)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. place)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function writer_waits()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, QUEUE_END)) do
    if (mark_of(place_of(member)) or 'p') ~= 'p' then
      return true
    end
  end
  return false
end
local SHARES = 4503599627370496
local SHARES_END = '(-4503599627370496'
local function share_score(at)
  return micros(-(SHARES + at))
end
local function share_end(score)
  return -score - SHARES
end
local READ = '~1:read'
local function limit_of(marker)
  return tonumber(string.match(marker, '^~1:limit:(%d+)$'))
end
local function share_of(token, i)
  return i == 0 and token or token .. '/' .. i
end
local function live_shares()
  return redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. share_score(now))
end
local function share_left(at)
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now), 'WITHSCORES', 'LIMIT', at, 1)
  return found[1] and math.ceil((share_end(found[2]) - now) / 1000)
end
local function live_share(token, owner)
  local score = redis.call('ZSCORE', KEYS[2], 'h' .. token)
  if score and share_end(score) > now and type(owner) == 'string' and (owner == READ or limit_of(owner)) then
    return share_end(score)
  end
end
local function add_shares(token, count, ms, marker)
  if redis.call('PTTL', KEYS[1]) < tonumber(ms) then
    redis.call('SET', KEYS[1], marker, 'PX', ms)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], share_score(now), SHARES_END)
  local lapse, members = share_score(now + ms * 1000), {}
  for i = 0, count - 1 do
    members[2 * i + 1] = lapse
    members[2 * i + 2] = 'h' .. share_of(token, i)
  end
  redis.call('ZADD', KEYS[2], 'LT', unpack(members))
  live_for(tonumber(ms))
end
local function drop_shares(token)
  local dropped = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', SHARES_END)) do
    if not token or string.match(member, '^h([^/]+)') == token then
      dropped = dropped + redis.call('ZREM', KEYS[2], member)
    end
  end
  return dropped
end
local function fit_lock()
  local ms = share_left(0)
  if ms then
    redis.call('PEXPIRE', KEYS[1], ms)
  else
    redis.call('DEL', KEYS[1])
  end
  local last = redis.call('ZRANGEBYSCORE', KEYS[2], SHARES_END, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  redis.call('PEXPIRE', KEYS[2], math.max(1, ms or 0, last[1] and math.ceil((-last[2] - now) / 1000) or 0))
  return ms ~= nil
end
local kind = redis.call('TYPE', KEYS[1]).ok
local owner = kind == 'string' and redis.call('GET', KEYS[1])
local waiting, seen = {}, {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf')) do
  local process = process_of(string.sub(member, 2))
  if not seen[process] and mark_of(place_of(member)) then
    seen[process] = true
    waiting[#waiting + 1] = process
  end
end
local shares = {}
if owner and (owner == READ or limit_of(owner)) then
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now), 'WITHSCORES')
  for i = 1, #found, 2 do
    shares[i] = string.sub(found[i], 2)
    shares[i + 1] = math.ceil((share_end(found[i + 1]) - now) / 1000)
  end
end
return { now, owner, redis.call('PTTL', KEYS[1]), kind, waiting, shares }
`,
};

export const RECORD_BEGIN: LuaScript = {
  name: 'record-begin',
  sha1: '6cb508717ca1f100b995ccd8cca5319b2c853af7',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
if now > tonumber(ARGV[2]) then
  return { 2, now }
end
if redis.call('EXISTS', KEYS[2]) == 1 and redis.call('ZSCORE', KEYS[2], 'x' .. string.sub(ARGV[4], 1, 16)) then
  return { 3, now }
end
local RUNNING, DONE, FREE = 1, 2, 4
local HEADER = '>BBI4c16c16I4I4'
local HEADER_BYTES = 46
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
local record = read_string('GET', KEYS[1])
local version, state, attempt, token, fingerprint, retention, lease
if record then
  if #record >= HEADER_BYTES then
    version, state, attempt, token, fingerprint, retention, lease = struct.unpack(HEADER, record)
  end
  if version ~= 1 or state < RUNNING or state > FREE then
    return redis.error_reply('FOREIGN the key ' .. KEYS[1]
      .. ' holds what another program or a newer version of this package wrote; it was left as it is')
  end
end
if record and state ~= FREE then
  if fingerprint ~= string.sub(ARGV[4], 17, 32) then
    return { 4, now }
  end
  if state ~= RUNNING then
    return { state == DONE and 6 or 7, now, string.sub(record, HEADER_BYTES + 1) }
  end
  local left = redis.call('PTTL', KEYS[1])
  local age = retention - left
  if age <= lease then
    return { 1, now, lease - age, left }
  end
  if ARGV[3] ~= '1' then
    return { 5, now }
  end
end
local number = (attempt or 0) + 1
redis.call('SET', KEYS[1], struct.pack('>BBI4', 1, RUNNING, number) .. ARGV[4], 'PX', ARGV[1])
return { 0, now, number }
`,
};

export const RECORD_CANCEL: LuaScript = {
  name: 'record-cancel',
  sha1: '19f92a2782972df758ab6961bdb35308a2be953e',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function micros(value)
  return string.format('%.0f', value)
end
local function live_for(ms)
  if redis.call('PTTL', KEYS[2]) < ms then
    redis.call('PEXPIRE', KEYS[2], ms)
  end
end
local function note_until(member, ms)
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '(' .. micros(-now), '0')
  redis.call('ZADD', KEYS[2], micros(-(now + ms * 1000)), member)
  live_for(ms)
end
local RUNNING, DONE, FREE = 1, 2, 4
local HEADER = '>BBI4c16c16I4I4'
local HEADER_BYTES = 46
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
local function undo_attempt(record, owner)
  local header = read_string('GETRANGE', record, 0, HEADER_BYTES - 1)
  if #header < HEADER_BYTES then
    return 0
  end
  local version, state, attempt, token, _, retention = struct.unpack(HEADER, header)
  if version ~= 1 or token ~= owner then
    return 0
  end
  if state == RUNNING and attempt == 1 then
    redis.call('DEL', record)
  elseif state == RUNNING then
    redis.call('PEXPIRE', record, retention)
    redis.call('SET', record, struct.pack('>BB', 1, FREE) .. string.sub(header, 3), 'PX', retention)
  elseif state ~= FREE then
    return 0
  end
  return 1
end
local undone = undo_attempt(KEYS[1], ARGV[2])
note_until('x' .. ARGV[2], tonumber(ARGV[1]))
return undone
`,
};

export const RECORD_FAIL: LuaScript = {
  name: 'record-fail',
  sha1: '6c32e8679a9a166d20e17feae29a079ff664c063',
  source: `local RUNNING, DONE, FREE = 1, 2, 4
local HEADER = '>BBI4c16c16I4I4'
local HEADER_BYTES = 46
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
local function undo_attempt(record, owner)
  local header = read_string('GETRANGE', record, 0, HEADER_BYTES - 1)
  if #header < HEADER_BYTES then
    return 0
  end
  local version, state, attempt, token, _, retention = struct.unpack(HEADER, header)
  if version ~= 1 or token ~= owner then
    return 0
  end
  if state == RUNNING and attempt == 1 then
    redis.call('DEL', record)
  elseif state == RUNNING then
    redis.call('PEXPIRE', record, retention)
    redis.call('SET', record, struct.pack('>BB', 1, FREE) .. string.sub(header, 3), 'PX', retention)
  elseif state ~= FREE then
    return 0
  end
  return 1
end
return undo_attempt(KEYS[1], ARGV[1])
`,
};

export const RECORD_FINISH: LuaScript = {
  name: 'record-finish',
  sha1: 'ebecc0a396acc961bb79663eecfa39970f87454c',
  source: `local RUNNING, DONE, FREE = 1, 2, 4
local HEADER = '>BBI4c16c16I4I4'
local HEADER_BYTES = 46
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
local function owned_state(record, owner)
  local header = read_string('GETRANGE', record, 0, 21)
  if string.byte(header) == 1 and string.sub(header, 7) == owner then
    return string.byte(header, 2)
  end
end
local state = owned_state(KEYS[1], string.sub(ARGV[2], 7, 22))
if not state or state == FREE then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1])
return 1
`,
};

export const RECORD_INSPECT: LuaScript = {
  name: 'record-inspect',
  sha1: '671f49d44deeb4bf35644b89e0933a5b4b923eb7',
  source: `local RUNNING, DONE, FREE = 1, 2, 4
local HEADER = '>BBI4c16c16I4I4'
local HEADER_BYTES = 46
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
local record = read_string('GET', KEYS[1])
local version, state, attempt, token, fingerprint, retention, lease
if record then
  if #record >= HEADER_BYTES then
    version, state, attempt, token, fingerprint, retention, lease = struct.unpack(HEADER, record)
  end
  if version ~= 1 or state < RUNNING or state > FREE then
    return redis.error_reply('FOREIGN the key ' .. KEYS[1]
      .. ' holds what another program or a newer version of this package wrote; it was left as it is')
  end
end
if not record then
  return false
end
return { state, attempt, retention, lease, redis.call('PTTL', KEYS[1]), #record - HEADER_BYTES }
`,
};

export const RECORD_RENEW: LuaScript = {
  name: 'record-renew',
  sha1: '1902f7abc679f205a4485616912ce89da7607afa',
  source: `local RUNNING, DONE, FREE = 1, 2, 4
local HEADER = '>BBI4c16c16I4I4'
local HEADER_BYTES = 46
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
local function owned_state(record, owner)
  local header = read_string('GETRANGE', record, 0, 21)
  if string.byte(header) == 1 and string.sub(header, 7) == owner then
    return string.byte(header, 2)
  end
end
if owned_state(KEYS[1], ARGV[2]) ~= RUNNING then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
`,
};

export const RELEASE: LuaScript = {
  name: 'release',
  sha1: '3eaad3a3a751a5a5d54c2aa58c8233fc9600fba4',
  source: `if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if ARGV[2] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
end
local accompanied = redis.call('EXISTS', KEYS[2]) == 1
if not ARGV[4] and not accompanied then
  redis.call('DEL', KEYS[1])
  return 1
end
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function reserve(count)
  local fence = now
  local last = redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000', 'GET')
  if last and tonumber(last) >= fence then
    fence = tonumber(last) + 1
    redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000')
  end
  return fence
end
local is_late = ARGV[4] and now > tonumber(ARGV[6])
if not accompanied then
  local taken = not is_late and redis.pcall('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
  if not taken or taken.err then
    redis.call('DEL', KEYS[1])
    return { 2, now }
  end
  return { 0, now, reserve(1), 0, ARGV[4] }
end
local QUEUED = '(0'
local QUEUE_END = '(4503599627370496'
local READERS = '4503599627370496'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function live_for(ms)
  if redis.call('PTTL', KEYS[2]) < ms then
    redis.call('PEXPIRE', KEYS[2], ms)
  end
end
local function micros(value)
  return string.format('%.0f', value)
end
local function place_of(member)
  local process = process_of(string.sub(member, 2))
  return string.find(member, ' r', 1, true) and process .. '/r' or process
end
local function mark_of(place)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. place)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function writer_waits()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, QUEUE_END)) do
    if (mark_of(place_of(member)) or 'p') ~= 'p' then
      return true
    end
  end
  return false
end
local SHARES = 4503599627370496
local SHARES_END = '(-4503599627370496'
local function share_score(at)
  return micros(-(SHARES + at))
end
local function share_end(score)
  return -score - SHARES
end
local READ = '~1:read'
local function limit_of(marker)
  return tonumber(string.match(marker, '^~1:limit:(%d+)$'))
end
local function share_of(token, i)
  return i == 0 and token or token .. '/' .. i
end
local function live_shares()
  return redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. share_score(now))
end
local function share_left(at)
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now), 'WITHSCORES', 'LIMIT', at, 1)
  return found[1] and math.ceil((share_end(found[2]) - now) / 1000)
end
local function live_share(token, owner)
  local score = redis.call('ZSCORE', KEYS[2], 'h' .. token)
  if score and share_end(score) > now and type(owner) == 'string' and (owner == READ or limit_of(owner)) then
    return share_end(score)
  end
end
local function add_shares(token, count, ms, marker)
  if redis.call('PTTL', KEYS[1]) < tonumber(ms) then
    redis.call('SET', KEYS[1], marker, 'PX', ms)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], share_score(now), SHARES_END)
  local lapse, members = share_score(now + ms * 1000), {}
  for i = 0, count - 1 do
    members[2 * i + 1] = lapse
    members[2 * i + 2] = 'h' .. share_of(token, i)
  end
  redis.call('ZADD', KEYS[2], 'LT', unpack(members))
  live_for(tonumber(ms))
end
local function drop_shares(token)
  local dropped = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', SHARES_END)) do
    if not token or string.match(member, '^h([^/]+)') == token then
      dropped = dropped + redis.call('ZREM', KEYS[2], member)
    end
  end
  return dropped
end
local function fit_lock()
  local ms = share_left(0)
  if ms then
    redis.call('PEXPIRE', KEYS[1], ms)
  else
    redis.call('DEL', KEYS[1])
  end
  local last = redis.call('ZRANGEBYSCORE', KEYS[2], SHARES_END, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  redis.call('PEXPIRE', KEYS[2], math.max(1, ms or 0, last[1] and math.ceil((-last[2] - now) / 1000) or 0))
  return ms ~= nil
end
local function admit(entry, score, marker, channel, own, lease)
  local token, given, count = string.match(entry, '^q(%S+) (%d+) r?(%d*)')
  local place = place_of(entry)
  local mark, lapse = mark_of(place)
  count = math.max(1, tonumber(count) or 1)
  redis.call('ZREM', KEYS[2], entry, mark .. place)
  add_shares(token, count, token == own and lease or given, marker)
  local grant = { 0, now, reserve(count), 0, token, count }
  if token == own then
    return grant
  end
  local message = (marker == READ and 'r' or 'p') .. token .. ' ' .. micros(grant[3]) .. ' ' .. count .. ' ' .. KEYS[1]
  if redis.pcall('PUBLISH', channel .. process_of(token), message) ~= 0 or mark ~= 's' then
    return grant
  end
  drop_shares(token)
  redis.call('ZREM', KEYS[2], 'u' .. place)
  redis.call('ZADD', KEYS[2], score, entry, lapse, 'p' .. place)
  live_for(math.ceil((-lapse - now) / 1000))
  return false
end
local function admit_line(from, to, marker, most, what, channel, own, lease)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  local grant, mine
  for i = 1, #line, 2 do
    if most < 1 then
      break
    end
    local entry = line[i]
    local mark = mark_of(place_of(entry))
    if not mark then
      redis.call('ZREM', KEYS[2], entry)
    elseif mark ~= 'p' or (own and string.sub(entry, 2, #own + 2) == own .. ' ') then
      if what and string.sub(entry, -#what) ~= what then
        break
      end
      local done = admit(entry, line[i + 1], marker, channel, own, lease)
      if done then
        most = most - 1
        if done[5] == own then
          grant, mine = done, true
        end
        grant = grant or done
      end
    end
  end
  return grant, mine
end
local function admit_readers(channel, own, lease)
  return admit_line(READERS, '+inf', READ, math.huge, nil, channel, own, lease)
end
local function admit_permits(limit, channel, own, lease)
  return admit_line(QUEUED, QUEUE_END, '~1:limit:' .. limit, limit - live_shares(), ' p' .. limit, channel, own, lease)
end
local function clear_lock()
  redis.call('DEL', KEYS[1])
  drop_shares()
end
local function first_since(from, to, own)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  for i = 1, #line, 2 do
    local mark = mark_of(place_of(line[i]))
    if mark and (mark ~= 'p' or own and string.sub(line[i], 2, #own + 2) == own .. ' ') then
      return tonumber(line[i + 1])
    end
  end
end
local function hand_over(channel, own, lease, first)
  local reader = redis.call('ZRANGEBYSCORE', KEYS[2], READERS, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if reader[1] and not first then
    local read_since, write_since = first_since(READERS, '+inf', own), first_since(QUEUED, QUEUE_END, own)
    first = write_since and write_since <= (read_since or math.huge) - READERS and 'w' or 'r'
  end
  if reader[1] and first == 'r' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    if fit_lock() then
      return grant, mine
    end
  end
  local at, dead = 0, {}
  while true do
    local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 3)
    local member = line[1]
    if not member or string.find(member, ' r', 1, true) then
      break
    end
    local token, given, limit = string.match(member, '^q(%S+) (%d+) ?p?(%d*)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    at = at + 1
    if not mark then
      dead[#dead + 1] = member
    elseif limit ~= '' and (mark ~= 'p' or token == own) then
      clear_lock()
      local grant, mine = admit_permits(limit, channel, own, lease)
      if fit_lock() then
        return grant, mine
      end
      at, dead = at - #dead, {}
    elseif mark ~= 'p' or token == own then
      redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
      at, dead = at - #dead, {}
      redis.call('SET', KEYS[1], token, 'PX', token == own and lease or given)
      local behind = line[3] and (line[5] or string.find(line[3], ' r', 1, true) or process_of(string.sub(line[3], 2)) ~= process)
      local others = (at > 1 or behind) and 1 or 0
      local grant = { 0, now, reserve(1), others, token }
      if token == own then
        return grant, true
      end
      local message = 'g' .. token .. ' ' .. micros(grant[3]) .. ' ' .. others .. ' ' .. KEYS[1]
      local heard = redis.pcall('PUBLISH', channel .. process, message)
      if mark ~= 's' or heard ~= 0 then
        return grant, false
      end
      redis.call('DEL', KEYS[1])
      redis.call('ZREM', KEYS[2], 'u' .. process)
      redis.call('ZADD', KEYS[2], line[2], member, lapse, 'p' .. process)
      live_for(math.ceil((-lapse - now) / 1000))
    end
  end
  if reader[1] and first == 'w' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    return fit_lock() and grant, mine
  end
end
if not ARGV[4] or is_late or redis.call('ZSCORE', KEYS[2], 'x' .. ARGV[4]) then
  if not hand_over(ARGV[3], nil, nil, 'r') then
    redis.call('DEL', KEYS[1])
  end
  return ARGV[4] and { 2, now } or 1
end
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
local function set_mark(place, mark, live)
  redis.call('ZADD', KEYS[2], micros(-(now + live * 1000)), mark .. place)
  if mark == 'u' then
    redis.call('ZREM', KEYS[2], 's' .. place)
  end
  live_for(live)
end
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
local function queued(token, since, is_first, pttl)
  since = tonumber(since)
  since = since < READERS + 0 and since or since - READERS
  return { 4, now, since, is_first and 1 or 0, pttl or redis.call('PTTL', KEYS[1]), token }
end
local terms = read_terms(ARGV[7])
enqueue(ARGV[4], terms)
local grant, mine = hand_over(ARGV[3], ARGV[4], ARGV[5], 'r')
if not grant then
  redis.call('DEL', KEYS[1])
end
if mine then
  return grant
end
local first = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 1)[1]
return queued(ARGV[4], terms.since, first == 'q' .. ARGV[4] .. ' ' .. terms.entry)
`,
};

export const RENEW: LuaScript = {
  name: 'renew',
  sha1: '485f201c3fbc9caf57f5da23ea7d6659d8d1c86f',
  source: `local reply = {}
for i, lock in ipairs(KEYS) do
  local lease = ARGV[2 * i]
  if redis.pcall('GET', lock) ~= ARGV[2 * i - 1] then
    reply[i] = 0
  else
    if redis.call('PTTL', lock) < tonumber(lease) then
      redis.call('PEXPIRE', lock, lease)
    end
    reply[i] = 1
  end
end
return reply
`,
};

export const SHARE_CANCEL: LuaScript = {
  name: 'share-cancel',
  sha1: 'bca11ce5df3798b0cc9e21a64bc04a0754eb0e56',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function micros(value)
  return string.format('%.0f', value)
end
local function live_for(ms)
  if redis.call('PTTL', KEYS[2]) < ms then
    redis.call('PEXPIRE', KEYS[2], ms)
  end
end
local function note_until(member, ms)
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '(' .. micros(-now), '0')
  redis.call('ZADD', KEYS[2], micros(-(now + ms * 1000)), member)
  live_for(ms)
end
local QUEUED = '(0'
local QUEUE_END = '(4503599627370496'
local READERS = '4503599627370496'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function find_entry(beginning, from, to)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], from or QUEUED, to or QUEUE_END)) do
    if string.sub(member, 2, #beginning + 1) == beginning then
      return member
    end
  end
end
local function place_of(member)
  local process = process_of(string.sub(member, 2))
  return string.find(member, ' r', 1, true) and process .. '/r' or process
end
local function mark_of(place)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. place)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function writer_waits()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, QUEUE_END)) do
    if (mark_of(place_of(member)) or 'p') ~= 'p' then
      return true
    end
  end
  return false
end
local function reserve(count)
  local fence = now
  local last = redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000', 'GET')
  if last and tonumber(last) >= fence then
    fence = tonumber(last) + 1
    redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000')
  end
  return fence
end
local SHARES = 4503599627370496
local SHARES_END = '(-4503599627370496'
local function share_score(at)
  return micros(-(SHARES + at))
end
local function share_end(score)
  return -score - SHARES
end
local READ = '~1:read'
local function limit_of(marker)
  return tonumber(string.match(marker, '^~1:limit:(%d+)$'))
end
local function share_of(token, i)
  return i == 0 and token or token .. '/' .. i
end
local function live_shares()
  return redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. share_score(now))
end
local function share_left(at)
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now), 'WITHSCORES', 'LIMIT', at, 1)
  return found[1] and math.ceil((share_end(found[2]) - now) / 1000)
end
local function live_share(token, owner)
  local score = redis.call('ZSCORE', KEYS[2], 'h' .. token)
  if score and share_end(score) > now and type(owner) == 'string' and (owner == READ or limit_of(owner)) then
    return share_end(score)
  end
end
local function add_shares(token, count, ms, marker)
  if redis.call('PTTL', KEYS[1]) < tonumber(ms) then
    redis.call('SET', KEYS[1], marker, 'PX', ms)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], share_score(now), SHARES_END)
  local lapse, members = share_score(now + ms * 1000), {}
  for i = 0, count - 1 do
    members[2 * i + 1] = lapse
    members[2 * i + 2] = 'h' .. share_of(token, i)
  end
  redis.call('ZADD', KEYS[2], 'LT', unpack(members))
  live_for(tonumber(ms))
end
local function drop_shares(token)
  local dropped = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', SHARES_END)) do
    if not token or string.match(member, '^h([^/]+)') == token then
      dropped = dropped + redis.call('ZREM', KEYS[2], member)
    end
  end
  return dropped
end
local function fit_lock()
  local ms = share_left(0)
  if ms then
    redis.call('PEXPIRE', KEYS[1], ms)
  else
    redis.call('DEL', KEYS[1])
  end
  local last = redis.call('ZRANGEBYSCORE', KEYS[2], SHARES_END, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  redis.call('PEXPIRE', KEYS[2], math.max(1, ms or 0, last[1] and math.ceil((-last[2] - now) / 1000) or 0))
  return ms ~= nil
end
local function admit(entry, score, marker, channel, own, lease)
  local token, given, count = string.match(entry, '^q(%S+) (%d+) r?(%d*)')
  local place = place_of(entry)
  local mark, lapse = mark_of(place)
  count = math.max(1, tonumber(count) or 1)
  redis.call('ZREM', KEYS[2], entry, mark .. place)
  add_shares(token, count, token == own and lease or given, marker)
  local grant = { 0, now, reserve(count), 0, token, count }
  if token == own then
    return grant
  end
  local message = (marker == READ and 'r' or 'p') .. token .. ' ' .. micros(grant[3]) .. ' ' .. count .. ' ' .. KEYS[1]
  if redis.pcall('PUBLISH', channel .. process_of(token), message) ~= 0 or mark ~= 's' then
    return grant
  end
  drop_shares(token)
  redis.call('ZREM', KEYS[2], 'u' .. place)
  redis.call('ZADD', KEYS[2], score, entry, lapse, 'p' .. place)
  live_for(math.ceil((-lapse - now) / 1000))
  return false
end
local function admit_line(from, to, marker, most, what, channel, own, lease)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  local grant, mine
  for i = 1, #line, 2 do
    if most < 1 then
      break
    end
    local entry = line[i]
    local mark = mark_of(place_of(entry))
    if not mark then
      redis.call('ZREM', KEYS[2], entry)
    elseif mark ~= 'p' or (own and string.sub(entry, 2, #own + 2) == own .. ' ') then
      if what and string.sub(entry, -#what) ~= what then
        break
      end
      local done = admit(entry, line[i + 1], marker, channel, own, lease)
      if done then
        most = most - 1
        if done[5] == own then
          grant, mine = done, true
        end
        grant = grant or done
      end
    end
  end
  return grant, mine
end
local function admit_readers(channel, own, lease)
  return admit_line(READERS, '+inf', READ, math.huge, nil, channel, own, lease)
end
local function admit_permits(limit, channel, own, lease)
  return admit_line(QUEUED, QUEUE_END, '~1:limit:' .. limit, limit - live_shares(), ' p' .. limit, channel, own, lease)
end
local function clear_lock()
  redis.call('DEL', KEYS[1])
  drop_shares()
end
local function first_since(from, to, own)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  for i = 1, #line, 2 do
    local mark = mark_of(place_of(line[i]))
    if mark and (mark ~= 'p' or own and string.sub(line[i], 2, #own + 2) == own .. ' ') then
      return tonumber(line[i + 1])
    end
  end
end
local function hand_over(channel, own, lease, first)
  local reader = redis.call('ZRANGEBYSCORE', KEYS[2], READERS, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if reader[1] and not first then
    local read_since, write_since = first_since(READERS, '+inf', own), first_since(QUEUED, QUEUE_END, own)
    first = write_since and write_since <= (read_since or math.huge) - READERS and 'w' or 'r'
  end
  if reader[1] and first == 'r' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    if fit_lock() then
      return grant, mine
    end
  end
  local at, dead = 0, {}
  while true do
    local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 3)
    local member = line[1]
    if not member or string.find(member, ' r', 1, true) then
      break
    end
    local token, given, limit = string.match(member, '^q(%S+) (%d+) ?p?(%d*)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    at = at + 1
    if not mark then
      dead[#dead + 1] = member
    elseif limit ~= '' and (mark ~= 'p' or token == own) then
      clear_lock()
      local grant, mine = admit_permits(limit, channel, own, lease)
      if fit_lock() then
        return grant, mine
      end
      at, dead = at - #dead, {}
    elseif mark ~= 'p' or token == own then
      redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
      at, dead = at - #dead, {}
      redis.call('SET', KEYS[1], token, 'PX', token == own and lease or given)
      local behind = line[3] and (line[5] or string.find(line[3], ' r', 1, true) or process_of(string.sub(line[3], 2)) ~= process)
      local others = (at > 1 or behind) and 1 or 0
      local grant = { 0, now, reserve(1), others, token }
      if token == own then
        return grant, true
      end
      local message = 'g' .. token .. ' ' .. micros(grant[3]) .. ' ' .. others .. ' ' .. KEYS[1]
      local heard = redis.pcall('PUBLISH', channel .. process, message)
      if mark ~= 's' or heard ~= 0 then
        return grant, false
      end
      redis.call('DEL', KEYS[1])
      redis.call('ZREM', KEYS[2], 'u' .. process)
      redis.call('ZADD', KEYS[2], line[2], member, lapse, 'p' .. process)
      live_for(math.ceil((-lapse - now) / 1000))
    end
  end
  if reader[1] and first == 'w' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    return fit_lock() and grant, mine
  end
end
local function settle(channel, own, lease)
  local marker = redis.pcall('GET', KEYS[1])
  local limit = type(marker) == 'string' and limit_of(marker)
  local grant, mine
  if limit then
    grant, mine = admit_permits(limit, channel, own, lease)
  elseif marker == READ and share_left(0) and not writer_waits() then
    grant, mine = admit_readers(channel, own, lease)
  end
  if (limit or marker == READ) and not fit_lock() then
    return hand_over(channel, own, lease, 'w')
  end
  return grant, mine
end
local from, to = QUEUED, QUEUE_END
if ARGV[4] == 'r' then
  from, to = READERS, '+inf'
end
local dropped = drop_shares(ARGV[1])
local process = process_of(ARGV[1])
local entry = find_entry(ARGV[1] .. ' ', from, to)
if entry then
  redis.call('ZREM', KEYS[2], entry)
  if not find_entry(process .. '.', from, to) then
    local place = place_of(entry)
    redis.call('ZREM', KEYS[2], 's' .. place, 'u' .. place, 'p' .. place)
  end
end
if ARGV[2] ~= '0' then
  note_until('x' .. ARGV[1], tonumber(ARGV[2]))
end
settle(ARGV[3])
return dropped > 0 and 1 or 0
`,
};

export const SHARE_EXTEND: LuaScript = {
  name: 'share-extend',
  sha1: '00ed5e6226088641b85f214ae7f3ecb00e52e7b8',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
if now > tonumber(ARGV[3]) then
  return { 2, now }
end
local QUEUED = '(0'
local QUEUE_END = '(4503599627370496'
local READERS = '4503599627370496'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function live_for(ms)
  if redis.call('PTTL', KEYS[2]) < ms then
    redis.call('PEXPIRE', KEYS[2], ms)
  end
end
local function micros(value)
  return string.format('%.0f', value)
end
local function place_of(member)
  local process = process_of(string.sub(member, 2))
  return string.find(member, ' r', 1, true) and process .. '/r' or process
end
local function mark_of(place)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. place)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function writer_waits()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, QUEUE_END)) do
    if (mark_of(place_of(member)) or 'p') ~= 'p' then
      return true
    end
  end
  return false
end
local SHARES = 4503599627370496
local SHARES_END = '(-4503599627370496'
local function share_score(at)
  return micros(-(SHARES + at))
end
local function share_end(score)
  return -score - SHARES
end
local READ = '~1:read'
local function limit_of(marker)
  return tonumber(string.match(marker, '^~1:limit:(%d+)$'))
end
local function share_of(token, i)
  return i == 0 and token or token .. '/' .. i
end
local function live_shares()
  return redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. share_score(now))
end
local function share_left(at)
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now), 'WITHSCORES', 'LIMIT', at, 1)
  return found[1] and math.ceil((share_end(found[2]) - now) / 1000)
end
local function live_share(token, owner)
  local score = redis.call('ZSCORE', KEYS[2], 'h' .. token)
  if score and share_end(score) > now and type(owner) == 'string' and (owner == READ or limit_of(owner)) then
    return share_end(score)
  end
end
local function add_shares(token, count, ms, marker)
  if redis.call('PTTL', KEYS[1]) < tonumber(ms) then
    redis.call('SET', KEYS[1], marker, 'PX', ms)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], share_score(now), SHARES_END)
  local lapse, members = share_score(now + ms * 1000), {}
  for i = 0, count - 1 do
    members[2 * i + 1] = lapse
    members[2 * i + 2] = 'h' .. share_of(token, i)
  end
  redis.call('ZADD', KEYS[2], 'LT', unpack(members))
  live_for(tonumber(ms))
end
local function drop_shares(token)
  local dropped = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', SHARES_END)) do
    if not token or string.match(member, '^h([^/]+)') == token then
      dropped = dropped + redis.call('ZREM', KEYS[2], member)
    end
  end
  return dropped
end
local function fit_lock()
  local ms = share_left(0)
  if ms then
    redis.call('PEXPIRE', KEYS[1], ms)
  else
    redis.call('DEL', KEYS[1])
  end
  local last = redis.call('ZRANGEBYSCORE', KEYS[2], SHARES_END, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  redis.call('PEXPIRE', KEYS[2], math.max(1, ms or 0, last[1] and math.ceil((-last[2] - now) / 1000) or 0))
  return ms ~= nil
end
local owner = redis.pcall('GET', KEYS[1])
if not live_share(ARGV[1], owner) then
  return { 0, now }
end
redis.call('ZREM', KEYS[2], 'h' .. ARGV[1])
redis.call('ZADD', KEYS[2], share_score(now + ARGV[2] * 1000), 'h' .. ARGV[1])
live_for(tonumber(ARGV[2]))
fit_lock()
return { 1, now }
`,
};

export const SHARE_GRANT: LuaScript = {
  name: 'share-grant',
  sha1: 'c14f37e6ec1c3c5c16c6a34ffb4601f054d12ca2',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
if now > tonumber(ARGV[3]) then
  return { 2, now }
end
local QUEUED = '(0'
local QUEUE_END = '(4503599627370496'
local READERS = '4503599627370496'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function live_for(ms)
  if redis.call('PTTL', KEYS[2]) < ms then
    redis.call('PEXPIRE', KEYS[2], ms)
  end
end
local function micros(value)
  return string.format('%.0f', value)
end
local function place_of(member)
  local process = process_of(string.sub(member, 2))
  return string.find(member, ' r', 1, true) and process .. '/r' or process
end
local function mark_of(place)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. place)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function writer_waits()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, QUEUE_END)) do
    if (mark_of(place_of(member)) or 'p') ~= 'p' then
      return true
    end
  end
  return false
end
local function reserve(count)
  local fence = now
  local last = redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000', 'GET')
  if last and tonumber(last) >= fence then
    fence = tonumber(last) + 1
    redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000')
  end
  return fence
end
local SHARES = 4503599627370496
local SHARES_END = '(-4503599627370496'
local function share_score(at)
  return micros(-(SHARES + at))
end
local function share_end(score)
  return -score - SHARES
end
local READ = '~1:read'
local function limit_of(marker)
  return tonumber(string.match(marker, '^~1:limit:(%d+)$'))
end
local function share_of(token, i)
  return i == 0 and token or token .. '/' .. i
end
local function live_shares()
  return redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. share_score(now))
end
local function share_left(at)
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now), 'WITHSCORES', 'LIMIT', at, 1)
  return found[1] and math.ceil((share_end(found[2]) - now) / 1000)
end
local function live_share(token, owner)
  local score = redis.call('ZSCORE', KEYS[2], 'h' .. token)
  if score and share_end(score) > now and type(owner) == 'string' and (owner == READ or limit_of(owner)) then
    return share_end(score)
  end
end
local function add_shares(token, count, ms, marker)
  if redis.call('PTTL', KEYS[1]) < tonumber(ms) then
    redis.call('SET', KEYS[1], marker, 'PX', ms)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], share_score(now), SHARES_END)
  local lapse, members = share_score(now + ms * 1000), {}
  for i = 0, count - 1 do
    members[2 * i + 1] = lapse
    members[2 * i + 2] = 'h' .. share_of(token, i)
  end
  redis.call('ZADD', KEYS[2], 'LT', unpack(members))
  live_for(tonumber(ms))
end
local function drop_shares(token)
  local dropped = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', SHARES_END)) do
    if not token or string.match(member, '^h([^/]+)') == token then
      dropped = dropped + redis.call('ZREM', KEYS[2], member)
    end
  end
  return dropped
end
local function fit_lock()
  local ms = share_left(0)
  if ms then
    redis.call('PEXPIRE', KEYS[1], ms)
  else
    redis.call('DEL', KEYS[1])
  end
  local last = redis.call('ZRANGEBYSCORE', KEYS[2], SHARES_END, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  redis.call('PEXPIRE', KEYS[2], math.max(1, ms or 0, last[1] and math.ceil((-last[2] - now) / 1000) or 0))
  return ms ~= nil
end
local function admit(entry, score, marker, channel, own, lease)
  local token, given, count = string.match(entry, '^q(%S+) (%d+) r?(%d*)')
  local place = place_of(entry)
  local mark, lapse = mark_of(place)
  count = math.max(1, tonumber(count) or 1)
  redis.call('ZREM', KEYS[2], entry, mark .. place)
  add_shares(token, count, token == own and lease or given, marker)
  local grant = { 0, now, reserve(count), 0, token, count }
  if token == own then
    return grant
  end
  local message = (marker == READ and 'r' or 'p') .. token .. ' ' .. micros(grant[3]) .. ' ' .. count .. ' ' .. KEYS[1]
  if redis.pcall('PUBLISH', channel .. process_of(token), message) ~= 0 or mark ~= 's' then
    return grant
  end
  drop_shares(token)
  redis.call('ZREM', KEYS[2], 'u' .. place)
  redis.call('ZADD', KEYS[2], score, entry, lapse, 'p' .. place)
  live_for(math.ceil((-lapse - now) / 1000))
  return false
end
local function admit_line(from, to, marker, most, what, channel, own, lease)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  local grant, mine
  for i = 1, #line, 2 do
    if most < 1 then
      break
    end
    local entry = line[i]
    local mark = mark_of(place_of(entry))
    if not mark then
      redis.call('ZREM', KEYS[2], entry)
    elseif mark ~= 'p' or (own and string.sub(entry, 2, #own + 2) == own .. ' ') then
      if what and string.sub(entry, -#what) ~= what then
        break
      end
      local done = admit(entry, line[i + 1], marker, channel, own, lease)
      if done then
        most = most - 1
        if done[5] == own then
          grant, mine = done, true
        end
        grant = grant or done
      end
    end
  end
  return grant, mine
end
local function admit_readers(channel, own, lease)
  return admit_line(READERS, '+inf', READ, math.huge, nil, channel, own, lease)
end
local function admit_permits(limit, channel, own, lease)
  return admit_line(QUEUED, QUEUE_END, '~1:limit:' .. limit, limit - live_shares(), ' p' .. limit, channel, own, lease)
end
local function clear_lock()
  redis.call('DEL', KEYS[1])
  drop_shares()
end
local function first_since(from, to, own)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  for i = 1, #line, 2 do
    local mark = mark_of(place_of(line[i]))
    if mark and (mark ~= 'p' or own and string.sub(line[i], 2, #own + 2) == own .. ' ') then
      return tonumber(line[i + 1])
    end
  end
end
local function hand_over(channel, own, lease, first)
  local reader = redis.call('ZRANGEBYSCORE', KEYS[2], READERS, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if reader[1] and not first then
    local read_since, write_since = first_since(READERS, '+inf', own), first_since(QUEUED, QUEUE_END, own)
    first = write_since and write_since <= (read_since or math.huge) - READERS and 'w' or 'r'
  end
  if reader[1] and first == 'r' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    if fit_lock() then
      return grant, mine
    end
  end
  local at, dead = 0, {}
  while true do
    local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 3)
    local member = line[1]
    if not member or string.find(member, ' r', 1, true) then
      break
    end
    local token, given, limit = string.match(member, '^q(%S+) (%d+) ?p?(%d*)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    at = at + 1
    if not mark then
      dead[#dead + 1] = member
    elseif limit ~= '' and (mark ~= 'p' or token == own) then
      clear_lock()
      local grant, mine = admit_permits(limit, channel, own, lease)
      if fit_lock() then
        return grant, mine
      end
      at, dead = at - #dead, {}
    elseif mark ~= 'p' or token == own then
      redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
      at, dead = at - #dead, {}
      redis.call('SET', KEYS[1], token, 'PX', token == own and lease or given)
      local behind = line[3] and (line[5] or string.find(line[3], ' r', 1, true) or process_of(string.sub(line[3], 2)) ~= process)
      local others = (at > 1 or behind) and 1 or 0
      local grant = { 0, now, reserve(1), others, token }
      if token == own then
        return grant, true
      end
      local message = 'g' .. token .. ' ' .. micros(grant[3]) .. ' ' .. others .. ' ' .. KEYS[1]
      local heard = redis.pcall('PUBLISH', channel .. process, message)
      if mark ~= 's' or heard ~= 0 then
        return grant, false
      end
      redis.call('DEL', KEYS[1])
      redis.call('ZREM', KEYS[2], 'u' .. process)
      redis.call('ZADD', KEYS[2], line[2], member, lapse, 'p' .. process)
      live_for(math.ceil((-lapse - now) / 1000))
    end
  end
  if reader[1] and first == 'w' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    return fit_lock() and grant, mine
  end
end
local function settle(channel, own, lease)
  local marker = redis.pcall('GET', KEYS[1])
  local limit = type(marker) == 'string' and limit_of(marker)
  local grant, mine
  if limit then
    grant, mine = admit_permits(limit, channel, own, lease)
  elseif marker == READ and share_left(0) and not writer_waits() then
    grant, mine = admit_readers(channel, own, lease)
  end
  if (limit or marker == READ) and not fit_lock() then
    return hand_over(channel, own, lease, 'w')
  end
  return grant, mine
end
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
local function set_mark(place, mark, live)
  redis.call('ZADD', KEYS[2], micros(-(now + live * 1000)), mark .. place)
  if mark == 'u' then
    redis.call('ZREM', KEYS[2], 's' .. place)
  end
  live_for(live)
end
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
local function queued(token, since, is_first, pttl)
  since = tonumber(since)
  since = since < READERS + 0 and since or since - READERS
  return { 4, now, since, is_first and 1 or 0, pttl or redis.call('PTTL', KEYS[1]), token }
end
local marker, limit = ARGV[7], limit_of(ARGV[7])
local accompanied = redis.call('EXISTS', KEYS[2]) == 1
if accompanied and redis.call('ZSCORE', KEYS[2], 'x' .. ARGV[1]) then
  return { 3, now }
end
local owner = redis.pcall('GET', KEYS[1])
if accompanied and not owner then
  hand_over(ARGV[6])
  owner = redis.pcall('GET', KEYS[1])
elseif owner == marker and limit then
  settle(ARGV[6])
  owner = redis.pcall('GET', KEYS[1])
end
local count = 0
if not owner then
  if accompanied then
    drop_shares()
  end
  count = math.min(ARGV[4], limit or math.huge)
elseif owner == marker then
  count = writer_waits() and 0 or math.min(ARGV[4], limit and limit - live_shares() or math.huge)
else
  local is_shared = type(owner) == 'string' and (owner == READ or limit_of(owner))
  local is_token = type(owner) == 'string' and #owner == 35 and string.find(owner, '^[%w_-]+%.[%w_-]+$')
  if is_shared or (limit and is_token) then
    return { 6, now, is_shared and owner or 'exclusive' }
  end
end
if count > 0 then
  add_shares(ARGV[1], count, ARGV[2], marker)
  return { 0, now, reserve(count), 0, count }
end
local pttl = limit and owner == marker and share_left(live_shares() - 1) or redis.call('PTTL', KEYS[1])
if ARGV[5] == '' then
  return { 1, now, pttl }
end
local terms = read_terms(ARGV[5])
return queued(ARGV[1], terms.since, enqueue(ARGV[1], terms), pttl)
`,
};

export const SHARE_HEARTBEAT: LuaScript = {
  name: 'share-heartbeat',
  sha1: '420d854f70a0106f0e01e8237cae9cbf8d51a276',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
if now > tonumber(ARGV[4]) then
  return { 2, now }
end
local QUEUED = '(0'
local QUEUE_END = '(4503599627370496'
local READERS = '4503599627370496'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function live_for(ms)
  if redis.call('PTTL', KEYS[2]) < ms then
    redis.call('PEXPIRE', KEYS[2], ms)
  end
end
local function micros(value)
  return string.format('%.0f', value)
end
local function place_of(member)
  local process = process_of(string.sub(member, 2))
  return string.find(member, ' r', 1, true) and process .. '/r' or process
end
local function mark_of(place)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. place)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function writer_waits()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, QUEUE_END)) do
    if (mark_of(place_of(member)) or 'p') ~= 'p' then
      return true
    end
  end
  return false
end
local function reserve(count)
  local fence = now
  local last = redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000', 'GET')
  if last and tonumber(last) >= fence then
    fence = tonumber(last) + 1
    redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000')
  end
  return fence
end
local SHARES = 4503599627370496
local SHARES_END = '(-4503599627370496'
local function share_score(at)
  return micros(-(SHARES + at))
end
local function share_end(score)
  return -score - SHARES
end
local READ = '~1:read'
local function limit_of(marker)
  return tonumber(string.match(marker, '^~1:limit:(%d+)$'))
end
local function share_of(token, i)
  return i == 0 and token or token .. '/' .. i
end
local function live_shares()
  return redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. share_score(now))
end
local function share_left(at)
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now), 'WITHSCORES', 'LIMIT', at, 1)
  return found[1] and math.ceil((share_end(found[2]) - now) / 1000)
end
local function live_share(token, owner)
  local score = redis.call('ZSCORE', KEYS[2], 'h' .. token)
  if score and share_end(score) > now and type(owner) == 'string' and (owner == READ or limit_of(owner)) then
    return share_end(score)
  end
end
local function add_shares(token, count, ms, marker)
  if redis.call('PTTL', KEYS[1]) < tonumber(ms) then
    redis.call('SET', KEYS[1], marker, 'PX', ms)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], share_score(now), SHARES_END)
  local lapse, members = share_score(now + ms * 1000), {}
  for i = 0, count - 1 do
    members[2 * i + 1] = lapse
    members[2 * i + 2] = 'h' .. share_of(token, i)
  end
  redis.call('ZADD', KEYS[2], 'LT', unpack(members))
  live_for(tonumber(ms))
end
local function drop_shares(token)
  local dropped = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', SHARES_END)) do
    if not token or string.match(member, '^h([^/]+)') == token then
      dropped = dropped + redis.call('ZREM', KEYS[2], member)
    end
  end
  return dropped
end
local function fit_lock()
  local ms = share_left(0)
  if ms then
    redis.call('PEXPIRE', KEYS[1], ms)
  else
    redis.call('DEL', KEYS[1])
  end
  local last = redis.call('ZRANGEBYSCORE', KEYS[2], SHARES_END, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  redis.call('PEXPIRE', KEYS[2], math.max(1, ms or 0, last[1] and math.ceil((-last[2] - now) / 1000) or 0))
  return ms ~= nil
end
local function admit(entry, score, marker, channel, own, lease)
  local token, given, count = string.match(entry, '^q(%S+) (%d+) r?(%d*)')
  local place = place_of(entry)
  local mark, lapse = mark_of(place)
  count = math.max(1, tonumber(count) or 1)
  redis.call('ZREM', KEYS[2], entry, mark .. place)
  add_shares(token, count, token == own and lease or given, marker)
  local grant = { 0, now, reserve(count), 0, token, count }
  if token == own then
    return grant
  end
  local message = (marker == READ and 'r' or 'p') .. token .. ' ' .. micros(grant[3]) .. ' ' .. count .. ' ' .. KEYS[1]
  if redis.pcall('PUBLISH', channel .. process_of(token), message) ~= 0 or mark ~= 's' then
    return grant
  end
  drop_shares(token)
  redis.call('ZREM', KEYS[2], 'u' .. place)
  redis.call('ZADD', KEYS[2], score, entry, lapse, 'p' .. place)
  live_for(math.ceil((-lapse - now) / 1000))
  return false
end
local function admit_line(from, to, marker, most, what, channel, own, lease)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  local grant, mine
  for i = 1, #line, 2 do
    if most < 1 then
      break
    end
    local entry = line[i]
    local mark = mark_of(place_of(entry))
    if not mark then
      redis.call('ZREM', KEYS[2], entry)
    elseif mark ~= 'p' or (own and string.sub(entry, 2, #own + 2) == own .. ' ') then
      if what and string.sub(entry, -#what) ~= what then
        break
      end
      local done = admit(entry, line[i + 1], marker, channel, own, lease)
      if done then
        most = most - 1
        if done[5] == own then
          grant, mine = done, true
        end
        grant = grant or done
      end
    end
  end
  return grant, mine
end
local function admit_readers(channel, own, lease)
  return admit_line(READERS, '+inf', READ, math.huge, nil, channel, own, lease)
end
local function admit_permits(limit, channel, own, lease)
  return admit_line(QUEUED, QUEUE_END, '~1:limit:' .. limit, limit - live_shares(), ' p' .. limit, channel, own, lease)
end
local function clear_lock()
  redis.call('DEL', KEYS[1])
  drop_shares()
end
local function first_since(from, to, own)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  for i = 1, #line, 2 do
    local mark = mark_of(place_of(line[i]))
    if mark and (mark ~= 'p' or own and string.sub(line[i], 2, #own + 2) == own .. ' ') then
      return tonumber(line[i + 1])
    end
  end
end
local function hand_over(channel, own, lease, first)
  local reader = redis.call('ZRANGEBYSCORE', KEYS[2], READERS, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if reader[1] and not first then
    local read_since, write_since = first_since(READERS, '+inf', own), first_since(QUEUED, QUEUE_END, own)
    first = write_since and write_since <= (read_since or math.huge) - READERS and 'w' or 'r'
  end
  if reader[1] and first == 'r' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    if fit_lock() then
      return grant, mine
    end
  end
  local at, dead = 0, {}
  while true do
    local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 3)
    local member = line[1]
    if not member or string.find(member, ' r', 1, true) then
      break
    end
    local token, given, limit = string.match(member, '^q(%S+) (%d+) ?p?(%d*)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    at = at + 1
    if not mark then
      dead[#dead + 1] = member
    elseif limit ~= '' and (mark ~= 'p' or token == own) then
      clear_lock()
      local grant, mine = admit_permits(limit, channel, own, lease)
      if fit_lock() then
        return grant, mine
      end
      at, dead = at - #dead, {}
    elseif mark ~= 'p' or token == own then
      redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
      at, dead = at - #dead, {}
      redis.call('SET', KEYS[1], token, 'PX', token == own and lease or given)
      local behind = line[3] and (line[5] or string.find(line[3], ' r', 1, true) or process_of(string.sub(line[3], 2)) ~= process)
      local others = (at > 1 or behind) and 1 or 0
      local grant = { 0, now, reserve(1), others, token }
      if token == own then
        return grant, true
      end
      local message = 'g' .. token .. ' ' .. micros(grant[3]) .. ' ' .. others .. ' ' .. KEYS[1]
      local heard = redis.pcall('PUBLISH', channel .. process, message)
      if mark ~= 's' or heard ~= 0 then
        return grant, false
      end
      redis.call('DEL', KEYS[1])
      redis.call('ZREM', KEYS[2], 'u' .. process)
      redis.call('ZADD', KEYS[2], line[2], member, lapse, 'p' .. process)
      live_for(math.ceil((-lapse - now) / 1000))
    end
  end
  if reader[1] and first == 'w' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    return fit_lock() and grant, mine
  end
end
local function settle(channel, own, lease)
  local marker = redis.pcall('GET', KEYS[1])
  local limit = type(marker) == 'string' and limit_of(marker)
  local grant, mine
  if limit then
    grant, mine = admit_permits(limit, channel, own, lease)
  elseif marker == READ and share_left(0) and not writer_waits() then
    grant, mine = admit_readers(channel, own, lease)
  end
  if (limit or marker == READ) and not fit_lock() then
    return hand_over(channel, own, lease, 'w')
  end
  return grant, mine
end
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
local function set_mark(place, mark, live)
  redis.call('ZADD', KEYS[2], micros(-(now + live * 1000)), mark .. place)
  if mark == 'u' then
    redis.call('ZREM', KEYS[2], 's' .. place)
  end
  live_for(live)
end
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
local function queued(token, since, is_first, pttl)
  since = tonumber(since)
  since = since < READERS + 0 and since or since - READERS
  return { 4, now, since, is_first and 1 or 0, pttl or redis.call('PTTL', KEYS[1]), token }
end
local function queued_share(token, terms)
  local first = redis.call('ZRANGEBYSCORE', KEYS[2], terms.from, terms.to, 'LIMIT', 0, 1)[1]
  return queued(token, terms.since, first == 'q' .. token .. ' ' .. terms.entry, not terms.reads and share_left(live_shares() - 1) or nil)
end
local function find_entry(beginning, from, to)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], from or QUEUED, to or QUEUE_END)) do
    if string.sub(member, 2, #beginning + 1) == beginning then
      return member
    end
  end
end
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
`,
};

export const SHARE_RELEASE: LuaScript = {
  name: 'share-release',
  sha1: 'e750e6ae4f0a4c6bf359be1a8ae1f626b4b816b4',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local QUEUED = '(0'
local QUEUE_END = '(4503599627370496'
local READERS = '4503599627370496'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function live_for(ms)
  if redis.call('PTTL', KEYS[2]) < ms then
    redis.call('PEXPIRE', KEYS[2], ms)
  end
end
local function micros(value)
  return string.format('%.0f', value)
end
local function place_of(member)
  local process = process_of(string.sub(member, 2))
  return string.find(member, ' r', 1, true) and process .. '/r' or process
end
local function mark_of(place)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. place)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function writer_waits()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, QUEUE_END)) do
    if (mark_of(place_of(member)) or 'p') ~= 'p' then
      return true
    end
  end
  return false
end
local function reserve(count)
  local fence = now
  local last = redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000', 'GET')
  if last and tonumber(last) >= fence then
    fence = tonumber(last) + 1
    redis.call('SET', KEYS[3], string.format('%.0f', fence + count - 1), 'PX', '2592000000')
  end
  return fence
end
local SHARES = 4503599627370496
local SHARES_END = '(-4503599627370496'
local function share_score(at)
  return micros(-(SHARES + at))
end
local function share_end(score)
  return -score - SHARES
end
local READ = '~1:read'
local function limit_of(marker)
  return tonumber(string.match(marker, '^~1:limit:(%d+)$'))
end
local function share_of(token, i)
  return i == 0 and token or token .. '/' .. i
end
local function live_shares()
  return redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. share_score(now))
end
local function share_left(at)
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. share_score(now), 'WITHSCORES', 'LIMIT', at, 1)
  return found[1] and math.ceil((share_end(found[2]) - now) / 1000)
end
local function live_share(token, owner)
  local score = redis.call('ZSCORE', KEYS[2], 'h' .. token)
  if score and share_end(score) > now and type(owner) == 'string' and (owner == READ or limit_of(owner)) then
    return share_end(score)
  end
end
local function add_shares(token, count, ms, marker)
  if redis.call('PTTL', KEYS[1]) < tonumber(ms) then
    redis.call('SET', KEYS[1], marker, 'PX', ms)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], share_score(now), SHARES_END)
  local lapse, members = share_score(now + ms * 1000), {}
  for i = 0, count - 1 do
    members[2 * i + 1] = lapse
    members[2 * i + 2] = 'h' .. share_of(token, i)
  end
  redis.call('ZADD', KEYS[2], 'LT', unpack(members))
  live_for(tonumber(ms))
end
local function drop_shares(token)
  local dropped = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', SHARES_END)) do
    if not token or string.match(member, '^h([^/]+)') == token then
      dropped = dropped + redis.call('ZREM', KEYS[2], member)
    end
  end
  return dropped
end
local function fit_lock()
  local ms = share_left(0)
  if ms then
    redis.call('PEXPIRE', KEYS[1], ms)
  else
    redis.call('DEL', KEYS[1])
  end
  local last = redis.call('ZRANGEBYSCORE', KEYS[2], SHARES_END, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  redis.call('PEXPIRE', KEYS[2], math.max(1, ms or 0, last[1] and math.ceil((-last[2] - now) / 1000) or 0))
  return ms ~= nil
end
local function admit(entry, score, marker, channel, own, lease)
  local token, given, count = string.match(entry, '^q(%S+) (%d+) r?(%d*)')
  local place = place_of(entry)
  local mark, lapse = mark_of(place)
  count = math.max(1, tonumber(count) or 1)
  redis.call('ZREM', KEYS[2], entry, mark .. place)
  add_shares(token, count, token == own and lease or given, marker)
  local grant = { 0, now, reserve(count), 0, token, count }
  if token == own then
    return grant
  end
  local message = (marker == READ and 'r' or 'p') .. token .. ' ' .. micros(grant[3]) .. ' ' .. count .. ' ' .. KEYS[1]
  if redis.pcall('PUBLISH', channel .. process_of(token), message) ~= 0 or mark ~= 's' then
    return grant
  end
  drop_shares(token)
  redis.call('ZREM', KEYS[2], 'u' .. place)
  redis.call('ZADD', KEYS[2], score, entry, lapse, 'p' .. place)
  live_for(math.ceil((-lapse - now) / 1000))
  return false
end
local function admit_line(from, to, marker, most, what, channel, own, lease)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  local grant, mine
  for i = 1, #line, 2 do
    if most < 1 then
      break
    end
    local entry = line[i]
    local mark = mark_of(place_of(entry))
    if not mark then
      redis.call('ZREM', KEYS[2], entry)
    elseif mark ~= 'p' or (own and string.sub(entry, 2, #own + 2) == own .. ' ') then
      if what and string.sub(entry, -#what) ~= what then
        break
      end
      local done = admit(entry, line[i + 1], marker, channel, own, lease)
      if done then
        most = most - 1
        if done[5] == own then
          grant, mine = done, true
        end
        grant = grant or done
      end
    end
  end
  return grant, mine
end
local function admit_readers(channel, own, lease)
  return admit_line(READERS, '+inf', READ, math.huge, nil, channel, own, lease)
end
local function admit_permits(limit, channel, own, lease)
  return admit_line(QUEUED, QUEUE_END, '~1:limit:' .. limit, limit - live_shares(), ' p' .. limit, channel, own, lease)
end
local function clear_lock()
  redis.call('DEL', KEYS[1])
  drop_shares()
end
local function first_since(from, to, own)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES')
  for i = 1, #line, 2 do
    local mark = mark_of(place_of(line[i]))
    if mark and (mark ~= 'p' or own and string.sub(line[i], 2, #own + 2) == own .. ' ') then
      return tonumber(line[i + 1])
    end
  end
end
local function hand_over(channel, own, lease, first)
  local reader = redis.call('ZRANGEBYSCORE', KEYS[2], READERS, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if reader[1] and not first then
    local read_since, write_since = first_since(READERS, '+inf', own), first_since(QUEUED, QUEUE_END, own)
    first = write_since and write_since <= (read_since or math.huge) - READERS and 'w' or 'r'
  end
  if reader[1] and first == 'r' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    if fit_lock() then
      return grant, mine
    end
  end
  local at, dead = 0, {}
  while true do
    local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 3)
    local member = line[1]
    if not member or string.find(member, ' r', 1, true) then
      break
    end
    local token, given, limit = string.match(member, '^q(%S+) (%d+) ?p?(%d*)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    at = at + 1
    if not mark then
      dead[#dead + 1] = member
    elseif limit ~= '' and (mark ~= 'p' or token == own) then
      clear_lock()
      local grant, mine = admit_permits(limit, channel, own, lease)
      if fit_lock() then
        return grant, mine
      end
      at, dead = at - #dead, {}
    elseif mark ~= 'p' or token == own then
      redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
      at, dead = at - #dead, {}
      redis.call('SET', KEYS[1], token, 'PX', token == own and lease or given)
      local behind = line[3] and (line[5] or string.find(line[3], ' r', 1, true) or process_of(string.sub(line[3], 2)) ~= process)
      local others = (at > 1 or behind) and 1 or 0
      local grant = { 0, now, reserve(1), others, token }
      if token == own then
        return grant, true
      end
      local message = 'g' .. token .. ' ' .. micros(grant[3]) .. ' ' .. others .. ' ' .. KEYS[1]
      local heard = redis.pcall('PUBLISH', channel .. process, message)
      if mark ~= 's' or heard ~= 0 then
        return grant, false
      end
      redis.call('DEL', KEYS[1])
      redis.call('ZREM', KEYS[2], 'u' .. process)
      redis.call('ZADD', KEYS[2], line[2], member, lapse, 'p' .. process)
      live_for(math.ceil((-lapse - now) / 1000))
    end
  end
  if reader[1] and first == 'w' then
    clear_lock()
    local grant, mine = admit_readers(channel, own, lease)
    return fit_lock() and grant, mine
  end
end
local function settle(channel, own, lease)
  local marker = redis.pcall('GET', KEYS[1])
  local limit = type(marker) == 'string' and limit_of(marker)
  local grant, mine
  if limit then
    grant, mine = admit_permits(limit, channel, own, lease)
  elseif marker == READ and share_left(0) and not writer_waits() then
    grant, mine = admit_readers(channel, own, lease)
  end
  if (limit or marker == READ) and not fit_lock() then
    return hand_over(channel, own, lease, 'w')
  end
  return grant, mine
end
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
local function set_mark(place, mark, live)
  redis.call('ZADD', KEYS[2], micros(-(now + live * 1000)), mark .. place)
  if mark == 'u' then
    redis.call('ZREM', KEYS[2], 's' .. place)
  end
  live_for(live)
end
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
local function queued(token, since, is_first, pttl)
  since = tonumber(since)
  since = since < READERS + 0 and since or since - READERS
  return { 4, now, since, is_first and 1 or 0, pttl or redis.call('PTTL', KEYS[1]), token }
end
local function queued_share(token, terms)
  local first = redis.call('ZRANGEBYSCORE', KEYS[2], terms.from, terms.to, 'LIMIT', 0, 1)[1]
  return queued(token, terms.since, first == 'q' .. token .. ' ' .. terms.entry, not terms.reads and share_left(live_shares() - 1) or nil)
end
local owner = redis.pcall('GET', KEYS[1])
if not live_share(ARGV[1], owner) then
  return 0
end
redis.call('ZREM', KEYS[2], 'h' .. ARGV[1])
if ARGV[2] ~= '0' then
  redis.call('ZADD', KEYS[2], share_score(now + ARGV[2] * 1000), 'h' .. ARGV[1])
  fit_lock()
  live_for(tonumber(ARGV[2]))
  return 1
end
if not ARGV[4] then
  settle(ARGV[3])
  return 1
end
if now > tonumber(ARGV[6]) or redis.call('ZSCORE', KEYS[2], 'x' .. ARGV[4]) then
  settle(ARGV[3])
  return { 2, now }
end
local terms = read_terms(ARGV[7])
enqueue(ARGV[4], terms)
local grant, mine = settle(ARGV[3], ARGV[4], ARGV[5])
if mine then
  return grant
end
return queued_share(ARGV[4], terms)
`,
};

export const SHARE_RENEW: LuaScript = {
  name: 'share-renew',
  sha1: '13fa581d57d3b70eeaa50d835ac826c39ed04b5a',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function micros(value)
  return string.format('%.0f', value)
end
local SHARES = 4503599627370496
local SHARES_END = '(-4503599627370496'
local function share_score(at)
  return micros(-(SHARES + at))
end
local function share_end(score)
  return -score - SHARES
end
local reply = {}
for i = 1, #KEYS, 2 do
  local lock, companion, share, ms = KEYS[i], KEYS[i + 1], 'h' .. ARGV[i], tonumber(ARGV[i + 1])
  local marker = redis.pcall('GET', lock)
  local lapse = redis.pcall('ZSCORE', companion, share)
  local is_held = type(marker) == 'string' and string.sub(marker, 1, 3) == '~1:' and type(lapse) == 'string' and share_end(lapse) > now
  if is_held then
    redis.call('PEXPIRE', lock, math.max(redis.call('PTTL', lock), ms))
    redis.call('PEXPIRE', companion, math.max(redis.call('PTTL', companion), ms))
    if share_end(lapse) < now + ms * 1000 then
      redis.call('ZADD', companion, share_score(now + ms * 1000), share)
    end
  end
  reply[(i + 1) / 2] = is_held and 1 or 0
end
return reply
`,
};

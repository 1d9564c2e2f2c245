// Written by `npm run build:lua` from the .lua files beside it. Do not edit.
import type { LuaScript } from './lua-script.js';

export const CANCEL: LuaScript = {
  name: 'cancel',
  sha1: '07bea8eb8883316b0f9c950d6af889af7663dd2a',
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
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function find_entry(beginning)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf')) do
    if string.sub(member, 2, #beginning + 1) == beginning then
      return member
    end
  end
end
local function mark_of(process)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. process)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
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
local function hand_over(channel, own, lease)
  local at, dead = 0, {}
  while true do
    local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 3)
    local member = line[1]
    if not member then
      return nil
    end
    local token, given = string.match(member, '^q(%S+) (%d+)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    at = at + 1
    if not mark then
      dead[#dead + 1] = member
    elseif mark ~= 'p' or token == own then
      redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
      redis.call('SET', KEYS[1], token, 'PX', token == own and lease or given)
      local others = line[3] and (line[5] or process_of(string.sub(line[3], 2)) ~= process) and 1 or 0
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
      redis.call('ZADD', KEYS[2], line[2], member, lapse, 'p' .. process)
      live_for(math.ceil((-lapse - now) / 1000))
      at, dead = at - #dead, {}
    end
  end
end
local owned = redis.pcall('GET', KEYS[1]) == ARGV[1]
if owned then
  redis.call('DEL', KEYS[1])
end
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
  hand_over(ARGV[3])
end
return owned and 1 or 0
`,
};

export const CONFIRM: LuaScript = {
  name: 'confirm',
  sha1: 'b02de235654f8a07ab8bba4651ca7c8774f8b3bd',
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
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function others_wait(process)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 3)) do
    if process_of(string.sub(member, 2)) ~= process then
      return 1
    end
  end
  return 0
end
redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), ARGV[2]))
return { 1, reserve(ARGV[3]), others_wait(process_of(ARGV[1])) }
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
  sha1: '5ce0b2eb6ba8136bdfdbe8f430d397704771bcc9',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local QUEUED = '(0'
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
local function mark_of(process)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. process)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
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
local function hand_over(channel, own, lease)
  local at, dead = 0, {}
  while true do
    local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 3)
    local member = line[1]
    if not member then
      return nil
    end
    local token, given = string.match(member, '^q(%S+) (%d+)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    at = at + 1
    if not mark then
      dead[#dead + 1] = member
    elseif mark ~= 'p' or token == own then
      redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
      redis.call('SET', KEYS[1], token, 'PX', token == own and lease or given)
      local others = line[3] and (line[5] or process_of(string.sub(line[3], 2)) ~= process) and 1 or 0
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
      redis.call('ZADD', KEYS[2], line[2], member, lapse, 'p' .. process)
      live_for(math.ceil((-lapse - now) / 1000))
      at, dead = at - #dead, {}
    end
  end
end
local owner = redis.call('GET', KEYS[1])
if not owner then
  return 0
end
redis.call('DEL', KEYS[1])
local process = process_of(owner)
if process then
  redis.pcall('PUBLISH', ARGV[1] .. process, 'f' .. owner .. ' ' .. KEYS[1])
end
hand_over(ARGV[1])
return 1
`,
};

export const GRANT: LuaScript = {
  name: 'grant',
  sha1: '6eff197c61150e350a2f035895e71f98b7ad9691',
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
local function mark_of(process)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. process)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function hand_over(channel, own, lease)
  local at, dead = 0, {}
  while true do
    local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 3)
    local member = line[1]
    if not member then
      return nil
    end
    local token, given = string.match(member, '^q(%S+) (%d+)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    at = at + 1
    if not mark then
      dead[#dead + 1] = member
    elseif mark ~= 'p' or token == own then
      redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
      redis.call('SET', KEYS[1], token, 'PX', token == own and lease or given)
      local others = line[3] and (line[5] or process_of(string.sub(line[3], 2)) ~= process) and 1 or 0
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
      redis.call('ZADD', KEYS[2], line[2], member, lapse, 'p' .. process)
      live_for(math.ceil((-lapse - now) / 1000))
      at, dead = at - #dead, {}
    end
  end
end
local function others_wait(process)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 3)) do
    if process_of(string.sub(member, 2)) ~= process then
      return 1
    end
  end
  return 0
end
local function read_terms(terms)
  local mark, live, lease, since, channel = string.match(terms, '^(%a) (%d+) (%d+) (%d+) (.*)$')
  return { mark = mark, live = tonumber(live), lease = lease, since = since == '0' and micros(now) or since, channel = channel }
end
local function set_mark(process, mark, live)
  redis.call('ZADD', KEYS[2], micros(-(now + live * 1000)), mark .. process)
  if mark == 'u' then
    redis.call('ZREM', KEYS[2], 's' .. process)
  end
  live_for(live)
end
local function enqueue(token, terms)
  local process = process_of(token)
  local mine = 'q' .. token .. ' ' .. terms.lease
  redis.call('ZADD', KEYS[2], terms.since, mine)
  set_mark(process, terms.mark, terms.live)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 2)
  local before = line[1] ~= mine and line[1] or line[2]
  if not before or (mark_of(process_of(string.sub(before, 2))) or 'p') == 'p' then
    local owner = redis.pcall('GET', KEYS[1])
    local holder = type(owner) == 'string' and process_of(owner)
    if holder and holder ~= process then
      redis.pcall('PUBLISH', terms.channel .. holder, 'o ' .. KEYS[1])
    end
  end
  return line[1] == mine
end
local function queued(token, since, is_first)
  return { 4, now, tonumber(since), is_first and 1 or 0, redis.call('PTTL', KEYS[1]), token }
end
if accompanied and redis.call('EXISTS', KEYS[1]) == 0 then
  hand_over(ARGV[6])
  if redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then
    return { 0, now, reserve(ARGV[4]), others_wait(process_of(ARGV[1])) }
  end
end
if ARGV[5] == '' then
  return { 1, now, redis.call('PTTL', KEYS[1]) }
end
local terms = read_terms(ARGV[5])
return queued(ARGV[1], terms.since, enqueue(ARGV[1], terms))
`,
};

export const HEARTBEAT: LuaScript = {
  name: 'heartbeat',
  sha1: 'ad96fb657cb060a43025774534c577ba81fdb242',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
if now > tonumber(ARGV[4]) then
  return { 2, now }
end
local QUEUED = '(0'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end
local function others_wait(process)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 3)) do
    if process_of(string.sub(member, 2)) ~= process then
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
local function mark_of(process)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. process)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function read_terms(terms)
  local mark, live, lease, since, channel = string.match(terms, '^(%a) (%d+) (%d+) (%d+) (.*)$')
  return { mark = mark, live = tonumber(live), lease = lease, since = since == '0' and micros(now) or since, channel = channel }
end
local function set_mark(process, mark, live)
  redis.call('ZADD', KEYS[2], micros(-(now + live * 1000)), mark .. process)
  if mark == 'u' then
    redis.call('ZREM', KEYS[2], 's' .. process)
  end
  live_for(live)
end
local function enqueue(token, terms)
  local process = process_of(token)
  local mine = 'q' .. token .. ' ' .. terms.lease
  redis.call('ZADD', KEYS[2], terms.since, mine)
  set_mark(process, terms.mark, terms.live)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 2)
  local before = line[1] ~= mine and line[1] or line[2]
  if not before or (mark_of(process_of(string.sub(before, 2))) or 'p') == 'p' then
    local owner = redis.pcall('GET', KEYS[1])
    local holder = type(owner) == 'string' and process_of(owner)
    if holder and holder ~= process then
      redis.pcall('PUBLISH', terms.channel .. holder, 'o ' .. KEYS[1])
    end
  end
  return line[1] == mine
end
local function queued(token, since, is_first)
  return { 4, now, tonumber(since), is_first and 1 or 0, redis.call('PTTL', KEYS[1]), token }
end
local function find_entry(beginning)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf')) do
    if string.sub(member, 2, #beginning + 1) == beginning then
      return member
    end
  end
end
local function hand_over(channel, own, lease)
  local at, dead = 0, {}
  while true do
    local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 3)
    local member = line[1]
    if not member then
      return nil
    end
    local token, given = string.match(member, '^q(%S+) (%d+)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    at = at + 1
    if not mark then
      dead[#dead + 1] = member
    elseif mark ~= 'p' or token == own then
      redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
      redis.call('SET', KEYS[1], token, 'PX', token == own and lease or given)
      local others = line[3] and (line[5] or process_of(string.sub(line[3], 2)) ~= process) and 1 or 0
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
      redis.call('ZADD', KEYS[2], line[2], member, lapse, 'p' .. process)
      live_for(math.ceil((-lapse - now) / 1000))
      at, dead = at - #dead, {}
    end
  end
end
local terms = read_terms(ARGV[5])
local process = process_of(ARGV[1])
local token = ARGV[1]
local since = redis.call('ZSCORE', KEYS[2], 'q' .. token .. ' ' .. terms.lease)
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
return queued(token, since, first == 'q' .. token .. ' ' .. terms.lease)
`,
};

export const INSPECT: LuaScript = {
  name: 'inspect',
  sha1: '1f5dc11530731fe85acd72f0de14b03455d108e7',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local QUEUED = '(0'
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
local function mark_of(process)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. process)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local kind = redis.call('TYPE', KEYS[1]).ok
local owner = kind == 'string' and redis.call('GET', KEYS[1])
local waiting = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf')) do
  local process = process_of(string.sub(member, 2))
  if mark_of(process) then
    waiting[#waiting + 1] = process
  end
end
return { now, owner, redis.call('PTTL', KEYS[1]), kind, waiting }
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
  sha1: '0010ea3042725ce91753f67934acc916e8f0310a',
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
local function mark_of(process)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. process)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end
local function hand_over(channel, own, lease)
  local at, dead = 0, {}
  while true do
    local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'WITHSCORES', 'LIMIT', at, 3)
    local member = line[1]
    if not member then
      return nil
    end
    local token, given = string.match(member, '^q(%S+) (%d+)$')
    local process = process_of(token)
    local mark, lapse = mark_of(process)
    at = at + 1
    if not mark then
      dead[#dead + 1] = member
    elseif mark ~= 'p' or token == own then
      redis.call('ZREM', KEYS[2], member, mark .. process, unpack(dead))
      redis.call('SET', KEYS[1], token, 'PX', token == own and lease or given)
      local others = line[3] and (line[5] or process_of(string.sub(line[3], 2)) ~= process) and 1 or 0
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
      redis.call('ZADD', KEYS[2], line[2], member, lapse, 'p' .. process)
      live_for(math.ceil((-lapse - now) / 1000))
      at, dead = at - #dead, {}
    end
  end
end
if not ARGV[4] or is_late or redis.call('ZSCORE', KEYS[2], 'x' .. ARGV[4]) then
  if not hand_over(ARGV[3]) then
    redis.call('DEL', KEYS[1])
  end
  return ARGV[4] and { 2, now } or 1
end
local function read_terms(terms)
  local mark, live, lease, since, channel = string.match(terms, '^(%a) (%d+) (%d+) (%d+) (.*)$')
  return { mark = mark, live = tonumber(live), lease = lease, since = since == '0' and micros(now) or since, channel = channel }
end
local function set_mark(process, mark, live)
  redis.call('ZADD', KEYS[2], micros(-(now + live * 1000)), mark .. process)
  if mark == 'u' then
    redis.call('ZREM', KEYS[2], 's' .. process)
  end
  live_for(live)
end
local function enqueue(token, terms)
  local process = process_of(token)
  local mine = 'q' .. token .. ' ' .. terms.lease
  redis.call('ZADD', KEYS[2], terms.since, mine)
  set_mark(process, terms.mark, terms.live)
  local line = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 2)
  local before = line[1] ~= mine and line[1] or line[2]
  if not before or (mark_of(process_of(string.sub(before, 2))) or 'p') == 'p' then
    local owner = redis.pcall('GET', KEYS[1])
    local holder = type(owner) == 'string' and process_of(owner)
    if holder and holder ~= process then
      redis.pcall('PUBLISH', terms.channel .. holder, 'o ' .. KEYS[1])
    end
  end
  return line[1] == mine
end
local function queued(token, since, is_first)
  return { 4, now, tonumber(since), is_first and 1 or 0, redis.call('PTTL', KEYS[1]), token }
end
local terms = read_terms(ARGV[7])
enqueue(ARGV[4], terms)
local grant, mine = hand_over(ARGV[3], ARGV[4], ARGV[5])
if not grant then
  redis.call('DEL', KEYS[1])
end
if mine then
  return grant
end
local first = redis.call('ZRANGEBYSCORE', KEYS[2], QUEUED, '+inf', 'LIMIT', 0, 1)[1]
return queued(ARGV[4], terms.since, first == 'q' .. ARGV[4] .. ' ' .. terms.lease)
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

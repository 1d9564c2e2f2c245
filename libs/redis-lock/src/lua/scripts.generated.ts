// Written by `npm run build:lua` from the .lua files beside it. Do not edit.
import type { LuaScript } from './lua-script.js';

export const CANCEL: LuaScript = {
  name: 'cancel',
  sha1: '6d7cf3f35d28d2d2379c3eb3b0691af2b39fba0c',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function micros(value)
  return string.format('%.0f', value)
end
local function wake(companion, channel, lock, now)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', companion, '-inf', micros(-now))) do
    if string.sub(member, 1, 1) == 'w' then
      redis.call('ZREM', companion, member)
      redis.pcall('PUBLISH', channel .. string.sub(member, 2), 'w' .. lock)
    end
  end
end
local function note_until(companion, member, ms, now)
  redis.call('ZREMRANGEBYSCORE', companion, '(' .. micros(-now), '0')
  redis.call('ZADD', companion, micros(-(now + ms * 1000)), member)
  if redis.call('PTTL', companion) < ms then
    redis.call('PEXPIRE', companion, ms)
  end
end
local owned = 0
if redis.pcall('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
  owned = 1
  wake(KEYS[2], ARGV[3], KEYS[1], now)
end
note_until(KEYS[2], 'x' .. ARGV[1], tonumber(ARGV[2]), now)
return owned
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
  sha1: '98ce9c46a9a3bd15085cfca44ac987b2cafb98d5',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function micros(value)
  return string.format('%.0f', value)
end
local function wake(companion, channel, lock, now)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', companion, '-inf', micros(-now))) do
    if string.sub(member, 1, 1) == 'w' then
      redis.call('ZREM', companion, member)
      redis.pcall('PUBLISH', channel .. string.sub(member, 2), 'w' .. lock)
    end
  end
end
local owner = redis.call('GET', KEYS[1])
if not owner then
  return 0
end
redis.call('DEL', KEYS[1])
local process = string.match(owner, '^([^.]+)%.')
if process then
  redis.pcall('PUBLISH', ARGV[1] .. process, 'f' .. owner .. ' ' .. KEYS[1])
end
wake(KEYS[2], ARGV[1], KEYS[1], now)
return 1
`,
};

export const GRANT: LuaScript = {
  name: 'grant',
  sha1: 'a5f2dcff547889e5b4ad9d7d9ca11af1c4f758b6',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
if now > tonumber(ARGV[3]) then
  return { 2, now }
end
if redis.call('EXISTS', KEYS[2]) == 1 and redis.call('ZSCORE', KEYS[2], 'x' .. ARGV[1]) then
  return { 3, now }
end
if redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then
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
local function micros(value)
  return string.format('%.0f', value)
end
local function note_until(companion, member, ms, now)
  redis.call('ZREMRANGEBYSCORE', companion, '(' .. micros(-now), '0')
  redis.call('ZADD', companion, micros(-(now + ms * 1000)), member)
  if redis.call('PTTL', companion) < ms then
    redis.call('PEXPIRE', companion, ms)
  end
end
  note_until(KEYS[2], 'w' .. ARGV[5], tonumber(ARGV[6]), now)
end
return { 1, now, redis.call('PTTL', KEYS[1]) }
`,
};

export const INSPECT: LuaScript = {
  name: 'inspect',
  sha1: 'fbfb43db02886ba50f12845b3518463e4aae2446',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function micros(value)
  return string.format('%.0f', value)
end
local kind = redis.call('TYPE', KEYS[1]).ok
local owner = kind == 'string' and redis.call('GET', KEYS[1])
local waiting = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', micros(-now))) do
  if string.sub(member, 1, 1) == 'w' then
    waiting[#waiting + 1] = string.sub(member, 2)
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
  sha1: '051bb10a26ca08e8eb0f9291ff87d57c1355c304',
  source: `local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function micros(value)
  return string.format('%.0f', value)
end
local function note_until(companion, member, ms, now)
  redis.call('ZREMRANGEBYSCORE', companion, '(' .. micros(-now), '0')
  redis.call('ZADD', companion, micros(-(now + ms * 1000)), member)
  if redis.call('PTTL', companion) < ms then
    redis.call('PEXPIRE', companion, ms)
  end
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
note_until(KEYS[2], 'x' .. ARGV[2], tonumber(ARGV[1]), now)
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
  sha1: 'b273cabc836a702829f59837a70dfe8238abbbeb',
  source: `if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if ARGV[2] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
end
redis.call('DEL', KEYS[1])
if redis.call('EXISTS', KEYS[2]) == 1 then
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function micros(value)
  return string.format('%.0f', value)
end
local function wake(companion, channel, lock, now)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', companion, '-inf', micros(-now))) do
    if string.sub(member, 1, 1) == 'w' then
      redis.call('ZREM', companion, member)
      redis.pcall('PUBLISH', channel .. string.sub(member, 2), 'w' .. lock)
    end
  end
end
  wake(KEYS[2], ARGV[3], KEYS[1], now)
end
return 1
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

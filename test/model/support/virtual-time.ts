import { createHash } from 'node:crypto';
import type { LuaScript } from '../../../libs/redis-lock/src/lua/lua-script.js';

/**
 * What stands before and behind one of our scripts so that it runs, unchanged, in a time of the test's own.
 * TIME is what the test says it is, and so keys cannot have leases of the server's: they are written down beside them, in one hash, and
 * whatever has to do with them (SET PX, PEXPIRE, PTTL, and that a key is gone afterwards) is done here. Messages go into the reply, and
 * PUBLISH answers as if nobody listened to the channels that the test says.
 * (Real leases of some ms would be waited for, and end too soon on a busy machine: a difference in 10,000 runs would mean nothing.)
 * ARGV  those of the script, then now µs, then channels that nobody listens to, with a space around each
 * Reply {the script's reply, {channel, message, channel, message, …}}
 */
const BEFORE = `
local server, published = redis, {}
local clock_us, unheard = tonumber(ARGV[#ARGV - 1]), ARGV[#ARGV]
local clock_ms = math.floor(clock_us / 1000)
local ARGV = { unpack(ARGV, 1, #ARGV - 2) }
local function end_of(key)
  return tonumber(server.call('HGET', 'test:ends', key) or nil)
end
local function set_end(key, ms)
  if math.floor(ms) ~= tonumber(ms) then
    error('ERR value is not an integer or out of range')
  end
  server.call('HSET', 'test:ends', key, string.format('%.0f', clock_ms + ms))
end
local function exists(key)
  if server.call('EXISTS', key) == 1 then
    return true
  end
  server.call('HDEL', 'test:ends', key)
  return false
end
for _, key in ipairs(KEYS) do
  local ends = end_of(key)
  if ends and clock_ms > ends then
    server.call('DEL', key)
    exists(key)
  end
end
local own = {
  TIME = function()
    return { string.format('%d', math.floor(clock_us / 1000000)), string.format('%d', clock_us % 1000000) }
  end,
  PTTL = function(key)
    if not exists(key) then
      return -2
    end
    local ends = end_of(key)
    return ends and ends - clock_ms or -1
  end,
  PEXPIRE = function(key, ms)
    if not exists(key) then
      return 0
    end
    set_end(key, ms)
    if tonumber(ms) <= 0 then
      server.call('DEL', key)
      exists(key)
    end
    return 1
  end,
  SET = function(key, value, px, ms, how)
    if px ~= 'PX' or tonumber(ms) <= 0 then
      error("ERR invalid expire time in 'set' command")
    end
    local done = how and server.call('SET', key, value, how) or not how and server.call('SET', key, value)
    if done or how == 'GET' then
      set_end(key, ms)
    end
    return done
  end,
  PUBLISH = function(channel, message)
    if string.find(unheard, ' ' .. channel .. ' ', 1, true) then
      return 0
    end
    published[#published + 1] = channel
    published[#published + 1] = message
    return 1
  end,
}
local function run(how, name, key, ...)
  if own[name] then
    return own[name](key, ...)
  end
  local reply = how(name, key, ...)
  if name == 'DEL' or string.sub(name, 1, 4) == 'ZREM' then
    exists(key)
  end
  return reply
end
local redis = {
  call = function(...)
    return run(server.call, ...)
  end,
  pcall = function(...)
    return run(server.pcall, ...)
  end,
}
local function script()
`;

const BEHIND = `
end
return { script(), published }
`;

/** A script as it runs in the test's time. */
export function inVirtualTime({ name, source }: LuaScript): LuaScript {
  const staged = BEFORE + source + BEHIND;
  return { name, source: staged, sha1: createHash('sha1').update(staged).digest('hex') };
}

-- @include queue
-- @include live-for
-- @include micros
-- The mark of a process that is alive, and its score.
local function mark_of(process)
  for _, mark in ipairs({ 's', 'u', 'p' }) do
    local lapse = redis.call('ZSCORE', KEYS[2], mark .. process)
    if lapse and -lapse > now then
      return mark, lapse
    end
  end
end

-- The queue, in the companion: an entry per process, 'q' token ' ' lease of a grant that is handed over to it, scored by when the process
-- first queued; and its mark, scored by when that lapses, negated: 's' its subscription works, 'u' unknown, 'p' it was passed over since a
-- message to it reached nobody. A process with several marks has the first of these.
local QUEUED = '(0'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end

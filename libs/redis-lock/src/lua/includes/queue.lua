-- The queue, in the companion: an entry per process and line, 'q' token ' ' lease of a grant that is handed over to it, scored by when the
-- process first queued. There are two lines: of those who want the lock for themselves, or a permit (' p' limit stands behind the lease); and
-- of readers (' r' and how many of them), whose scores are higher by READERS. Beside each entry its process's mark in that line, scored by when
-- that lapses, negated: 's' its subscription works, 'u' unknown, 'p' it was passed over since a message to it reached nobody. A process with
-- several marks has the first of these.
local QUEUED = '(0'
local QUEUE_END = '(4503599627370496'
local READERS = '4503599627370496'
local function process_of(token)
  return string.match(token, '^([^.]+)%.')
end

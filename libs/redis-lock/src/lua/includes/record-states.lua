-- A record: version u8, state u8, attempt u32, token 16 bytes, fingerprint 16 bytes, retention ms u32, lease ms u32, big-endian,
-- then the reply. State 3 is done with a reply that cannot be had again. The TTL is the retention, set anew by each change and renewal.
local RUNNING, DONE, FREE = 1, 2, 4
local HEADER = '>BBI4c16c16I4I4'
local HEADER_BYTES = 46

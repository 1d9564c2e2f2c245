-- @include micros
-- Scores of shares lie below all others, so that they can be counted: the end of the lease in µs and 2^52 more, negated.
local SHARES = 4503599627370496
local SHARES_END = '(-4503599627370496'
local function share_score(at)
  return micros(-(SHARES + at))
end
local function share_end(score)
  return -score - SHARES
end

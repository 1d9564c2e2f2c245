-- Sets a lease anew, shorter or longer, counted from now.
-- KEYS  1 lock
-- ARGV  1 token, 2 lease ms
-- Reply 1 done | 0 not the token's any more
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1

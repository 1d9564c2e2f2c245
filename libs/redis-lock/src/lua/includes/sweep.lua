-- Takes away what has lapsed: tombstones, and marks of processes that were not heard of.
redis.call('ZREMRANGEBYSCORE', KEYS[2], '(' .. micros(-now), '0')

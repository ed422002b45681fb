-- Drop an end; 1 if it was there.
local there = redis.call('HEXISTS', KEYS[3], ARGV[2])
if there == 0 then return 0 end
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('HDEL', KEYS[3], ARGV[2])
return answer(1)

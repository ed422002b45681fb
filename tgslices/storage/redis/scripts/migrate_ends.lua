-- Ends whose sessions have another chat now: old and new members in turn.
for a = 1, #ARGV, 2 do
  local time, kept = redis.call('ZSCORE', KEYS[1], ARGV[a]), redis.call('HGET', KEYS[2], ARGV[a])
  if time and kept then
    redis.call('ZREM', KEYS[1], ARGV[a])
    redis.call('HDEL', KEYS[2], ARGV[a])
    redis.call('ZADD', KEYS[1], time, ARGV[a + 1])
    redis.call('HSET', KEYS[2], ARGV[a + 1], kept)
  end
end
return 1

-- When the first and the last pending deletions are due.
local first, last = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES'), redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
return {first[2], last[2]}

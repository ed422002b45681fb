-- The open sessions of each spot.
local open = {}
for i = 1, #KEYS do open[i] = redis.call('HGET', KEYS[i], 'o') or '' end
return open

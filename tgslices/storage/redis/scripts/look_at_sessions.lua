-- What leased sessions did: for each when it was opened, what it did last, and when its oldest entry was sent ('' for
-- none). Nothing but '' is told of one that was closed meanwhile.
local open_sessions, active = KEYS[1], KEYS[2]
local told = {}
for a = 1, #ARGV, 2 do
  local spot_key, data_key, full_member, label = KEYS[a + 2], KEYS[a + 3], ARGV[a], ARGV[a + 1]
  local opened_at = redis.call('ZSCORE', open_sessions, full_member)
  if opened_at then
    local latest, oldest = activity(label, redis.call('HGETALL', spot_key), redis.call('HGETALL', data_key))
    local idle = tonumber(redis.call('HGET', active, full_member) or opened_at)
    if latest and latest > idle then idle = latest end
    told[#told + 1] = string.format('%.0f', tonumber(opened_at))
    told[#told + 1] = string.format('%.0f', idle)
    told[#told + 1] = oldest and string.format('%.0f', oldest) or ''
  else
    for _ = 1, 3 do told[#told + 1] = '' end
  end
end
return told

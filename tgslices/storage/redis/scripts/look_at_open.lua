-- What open sessions did: for each when it was opened, what it did last, when its oldest entry was sent ('' for none), how
-- many entries it has, and when it is due ('' for never). Nothing but '' is told of one that is not open.
local open_sessions, active, dues = KEYS[1], KEYS[2], KEYS[3]
local told = {}
for a = 1, #ARGV, 2 do
  local spot_key, data_key, full_member, label = KEYS[a + 3], KEYS[a + 4], ARGV[a], ARGV[a + 1]
  local opened_at = redis.call('ZSCORE', open_sessions, full_member)
  if opened_at then
    local latest, oldest, count = activity(label, redis.call('HGETALL', spot_key), redis.call('HGETALL', data_key))
    local idle = tonumber(redis.call('HGET', active, full_member) or opened_at)
    local due_at = redis.call('ZSCORE', dues, full_member)
    if latest and latest > idle then idle = latest end
    told[#told + 1] = string.format('%.0f', tonumber(opened_at))
    told[#told + 1] = string.format('%.0f', idle)
    told[#told + 1] = oldest and string.format('%.0f', oldest) or ''
    told[#told + 1] = tostring(count)
    told[#told + 1] = due_at and string.format('%.0f', tonumber(due_at)) or ''
  else
    for _ = 1, 5 do told[#told + 1] = '' end
  end
end
return told

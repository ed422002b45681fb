-- What leased sessions did: for each when it was opened, what it did last, and when its oldest entry was sent ('' for
-- none). Nothing but '' is told of one that was closed meanwhile.
-- Commands are few, because each costs as much as what it does, and so are arguments: the sessions come as one text,
-- each with its label.
local open_sessions, active = KEYS[1], KEYS[2]
local members, labels, told, count, at = {}, {}, {}, 0, 1
local NOTHING = {}

while at <= #ARGV[1] do
  count = count + 1
  members[count], labels[count], at = struct.unpack('>I4c0Bc0', ARGV[1], at)
end
local opened = redis.call('ZMSCORE', open_sessions, unpack(members))
local idle_since = redis.call('HMGET', active, unpack(members))
local has_data = redis.call('EXISTS', unpack(KEYS, 3 + count)) > 0

for number = 1, count do
  local opened_at = opened[number]
  if opened_at then
    local data = has_data and redis.call('HGETALL', KEYS[2 + count + number]) or NOTHING
    local latest, oldest = activity(labels[number], redis.call('HGETALL', KEYS[2 + number]), data)
    local idle = idle_since[number] or opened_at
    if latest and latest > tonumber(idle) then idle = string.format('%.0f', latest) end
    told[#told + 1] = opened_at
    told[#told + 1] = idle
    told[#told + 1] = oldest and string.format('%.0f', oldest) or ''
  else
    for _ = 1, 3 do told[#told + 1] = '' end
  end
end
return told

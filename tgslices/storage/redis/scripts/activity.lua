-- What a session did last, and when its oldest entry was sent.
local USER, USER_IS_CHAT, THREAD, DATE, DATE_EXACT = 2, 4, 8, 16, 32

local function sent_at(record)
  local flags, at = string.byte(record, 16), 18
  if not has(flags, DATE) then return (struct.unpack('>i8', record, 2)) end
  if has(flags, USER) and not has(flags, USER_IS_CHAT) then at = at + 8 end
  if has(flags, THREAD) then at = at + 8 end
  if has(flags, DATE_EXACT) then return (struct.unpack('>i8', record, at)) end
  return struct.unpack('>I4', record, at) * 1000000
end

-- Return when something was last recorded or written, when the oldest entry was sent (nil for what there is not), and
-- how many entries there are.
local function activity(label, all, data)
  local latest, oldest, count = nil, nil, 0
  for i = 1, #all, 2 do
    local field, record = all[i], all[i + 1]
    if string.sub(field, 1, #label) == label then
      local state = string.byte(record)
      local time = struct.unpack('>i8', record, 2)
      if state ~= PENDING + AGAIN and (not latest or time > latest) then latest = time end
      if has(state, LISTED) then
        count = count + 1
        local sent = sent_at(record)
        if not oldest or sent < oldest then oldest = sent end
      end
    end
  end
  for i = 1, #data, 2 do
    if string.sub(data[i], 1, 1) == 'd' then
      local time = struct.unpack('>i8', data[i + 1], 26)
      if not latest or time > latest then latest = time end
    end
  end
  return latest, oldest, count
end

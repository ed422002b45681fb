-- Forget expired fragments without a hold, up to a limit, and holds that ended long ago.
local visits, now, kept, most = KEYS[2], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local swept = 0
for a = 5, #ARGV do
  local index, data_key, member = KEYS[2 * a - 7], KEYS[2 * a - 6], ARGV[a]
  local next_visit, held = nil, {}

  local function come_back(time)
    if not next_visit or time < next_visit then next_visit = time end
  end

  local all = redis.call('HGETALL', data_key)
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 1) == 'h' then
      local ends = struct.unpack('>d', all[i + 1]) + kept
      if ends <= now then
        redis.call('HDEL', data_key, all[i])
      else
        held[string.sub(all[i], 2)] = true
        come_back(ends)
      end
    end
  end
  for i = 1, #all, 2 do
    local name = string.sub(all[i], 2)
    if string.sub(all[i], 1, 1) == 'd' and expiry_of(all[i + 1]) ~= 0 and not held[name] then
      if expiry_of(all[i + 1]) <= now and swept < most then
        swept = swept + 1
        redis.call('HDEL', data_key, all[i])
      else
        come_back(expiry_of(all[i + 1]))
      end
    end
  end
  redis.call('ZREM', visits, member)
  if next_visit then visit_data(visits, member, next_visit) end
  list_data(data_key, visits, index, member)
end
return answer(swept)

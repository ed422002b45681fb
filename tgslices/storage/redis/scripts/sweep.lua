-- Forget what these sessions know that is past, up to a limit.
local sweep, foreign, past, most = KEYS[2], KEYS[3], tonumber(ARGV[2]), tonumber(ARGV[3])
local swept = 0

redis.call('DEL', KEYS[1]) -- a first write that needs no memory, so that the rest is not refused for want of it
for a = 4, #ARGV do
  local spot_key, index, member = KEYS[2 * a - 4], KEYS[2 * a - 3], ARGV[a]
  local spot, label = parts_of(member)
  local oldest = nil

  local function is_past(time)
    if tonumber(time) <= past and swept < most then
      swept = swept + 1
      return true
    end
    if not oldest or tonumber(time) < tonumber(oldest) then oldest = time end
    return false
  end

  local all = redis.call('HGETALL', spot_key)
  for i = 1, #all, 2 do
    local field, record = all[i], all[i + 1]
    if field == 'c' .. label then
      if is_past(record) then redis.call('HDEL', spot_key, field) end
    elseif string.sub(field, 1, #label) == label then
      local state = string.byte(record)
      if has(state, KNOWN) and is_past(time_of(record)) then
        local rest = has(state, PENDING) and with_state(state - KNOWN, record) or nil
        set_or_drop(spot_key, field, rest)
      end
    end
  end
  if oldest then
    redis.call('ZADD', sweep, oldest, member)
  else
    redis.call('ZREM', sweep, member)
  end
  tidy(spot_key, index, foreign, spot)
end
return answer(swept)

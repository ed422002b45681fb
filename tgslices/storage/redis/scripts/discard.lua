-- Messages that were deleted past the session. Each spot has its name, a way and a count; by 'ids' the codes hold for
-- every session of the spot, by 'fields' each code follows the label of its session.
local sweep, foreign, due, claimed, surely = KEYS[2], KEYS[3], KEYS[4], KEYS[5], ARGV[2] == '1'
local k, a, dropped = 6, 3, 0
local spot_key, index, spot

redis.call('DEL', KEYS[1]) -- a first write that needs no memory, so that the rest is not refused for want of it

local function drop(label, code)
  local record = redis.call('HGET', spot_key, label .. code)
  local state = state_of(record)
  if not surely then
    if has(state, LISTED) then
      dropped = dropped + 1
      redis.call('HSET', spot_key, label .. code, with_state(state - LISTED + HIDDEN, record))
    end
    return
  end
  if not is_entry(state) and not has(state, PENDING) then return end
  if is_entry(state) then dropped = dropped + 1 end
  local member = member_of(spot, label)
  if has(state, PENDING) then
    dropped = dropped + 1
    redis.call('HDEL', claimed, member .. code)
    redis.call('ZREM', due, member .. code)
    record = with_state(state - PENDING, record)
  end
  local rest = rest_of(record)
  set_or_drop(spot_key, label .. code, rest)
  if rest then visit(sweep, member, time_of(rest)) end
end

while a < #ARGV do
  local way, count
  spot_key, index, spot, way, count = KEYS[k], KEYS[k + 1], ARGV[a], ARGV[a + 1], tonumber(ARGV[a + 2])
  k, a = k + 2, a + 3
  if way == 'ids' then
    local labels, at = redis.call('HGET', spot_key, 'q') or '', 1
    while at <= #labels do
      local label
      label, at = struct.unpack('>Bc0', labels, at)
      for i = a, a + count - 1 do drop(label, ARGV[i]) end
    end
    a = a + count
  else
    for i = a, a + 2 * count - 1, 2 do drop(ARGV[i], ARGV[i + 1]) end
    a = a + 2 * count
  end
  tidy(spot_key, index, foreign, spot)
end
return answer(dropped)

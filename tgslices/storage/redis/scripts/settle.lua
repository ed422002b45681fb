-- Pending deletions that are done with: for each session its member, how many, and their codes.
local sweep, foreign, due, claimed = KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local k, a, settled = 6, 2, 0

redis.call('DEL', KEYS[1]) -- a first write that needs no memory, so that the rest is not refused for want of it
while a < #ARGV do
  local spot_key, index, member, count = KEYS[k], KEYS[k + 1], ARGV[a], tonumber(ARGV[a + 1])
  local spot, label = parts_of(member)
  k, a = k + 2, a + 2
  for i = a, a + count - 1 do
    local code = ARGV[i]
    if redis.call('HDEL', claimed, member .. code) == 1 then
      settled = settled + 1
      redis.call('ZREM', due, member .. code)
      local record = redis.call('HGET', spot_key, label .. code)
      local state = state_of(record)
      if has(state, PENDING) then
        local left = with_state(state - PENDING, record)
        if not is_entry(state) then
          left = rest_of(left)
          if left then visit(sweep, member, time_of(left)) end
        end
        set_or_drop(spot_key, label .. code, left)
      end
    end
  end
  a = a + count
  tidy(spot_key, index, foreign, spot)
end
return answer(settled)

-- Move the data of sessions, with their holders: old and new members in turn.
local visits, old_index, new_index = KEYS[1], KEYS[2], KEYS[3]

local function move(old_key, new_key, old_member, new_member)
  local all = redis.call('HGETALL', old_key)
  local fragments, holds = {}, {}
  for i = 1, #all, 2 do
    local name = string.sub(all[i], 2)
    if string.sub(all[i], 1, 1) == 'd' then fragments[name] = all[i + 1] else holds[name] = all[i + 1] end
  end
  for name, hold in pairs(holds) do
    local is_there = redis.call('HEXISTS', new_key, 'd' .. name) == 1
    local is_merely_held = not fragments[name] and redis.call('HEXISTS', new_key, 'h' .. name) == 0
    if not is_there and (fragments[name] or is_merely_held) then redis.call('HSET', new_key, 'h' .. name, hold) end
  end
  for name, fragment in pairs(fragments) do
    if redis.call('HEXISTS', new_key, 'd' .. name) == 0 then
      redis.call('HSET', new_key, 'd' .. name, fragment)
      if not holds[name] then redis.call('HDEL', new_key, 'h' .. name) end
    end
  end
  redis.call('DEL', old_key)
  local time = redis.call('ZSCORE', visits, old_member)
  if time then redis.call('ZADD', visits, 'LT', time, new_member) end
  list_data(old_key, visits, old_index, old_member)
  list_data(new_key, visits, new_index, new_member)
end

for a = 1, #ARGV, 2 do move(KEYS[a + 3], KEYS[a + 4], ARGV[a], ARGV[a + 1]) end
return 1

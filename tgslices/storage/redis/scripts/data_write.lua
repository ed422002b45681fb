-- Write fragments that one holder has: names and fragments in turn, an empty one to drop it. 1 says that they are as
-- they are to be, or that the session was closed since.
local visits, index, data_key = KEYS[2], KEYS[3], KEYS[4]
local member, holder, release = ARGV[2], ARGV[3], ARGV[4] == '1'
local is_held, stands = true, true
for a = 5, #ARGV, 2 do
  local there = hold_of(data_key, ARGV[a])
  is_held = is_held and there ~= nil and there.holder == holder
  stands = stands and (redis.call('HGET', data_key, 'd' .. ARGV[a]) or '') == ARGV[a + 1]
end
if is_held then
  for a = 5, #ARGV, 2 do
    local name, fragment = ARGV[a], ARGV[a + 1]
    if fragment == '' or outlives(fragment) or hold_of(data_key, name).closed == 0 then
      set_fragment(data_key, visits, member, name, fragment)
    end
  end
end
if release then
  local all = redis.call('HGETALL', data_key)
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 1) == 'h' and string.sub(all[i + 1], 10) == holder then
      redis.call('HDEL', data_key, all[i])
      -- A sweep that found it expired and held will come only when the hold is forgotten.
      local name = string.sub(all[i], 2)
      local fragment = redis.call('HGET', data_key, 'd' .. name)
      if fragment and expiry_of(fragment) ~= 0 then visit_data(visits, member, expiry_of(fragment)) end
    end
  end
end
list_data(data_key, visits, index, member)
return answer((is_held or stands) and 1 or 0)

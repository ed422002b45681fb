-- Write fragments at once: names and fragments in turn, an empty one to drop it. Whoever holds one has lost it.
local visits, index, data_key, member = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
for a = 2, #ARGV, 2 do
  set_fragment(data_key, visits, member, ARGV[a], ARGV[a + 1])
  redis.call('HDEL', data_key, 'h' .. ARGV[a])
end
list_data(data_key, visits, index, member)
return 1

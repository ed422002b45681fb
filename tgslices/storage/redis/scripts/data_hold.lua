-- Take hold of all fragments, or of none while another one has one of them. The answer begins with whether it did.
local visits, index, data_key = KEYS[1], KEYS[2], KEYS[3]
local member, holder, now, ends, kept = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
for a = 6, #ARGV do
  local there = hold_of(data_key, ARGV[a])
  if there and there.holder ~= holder and there.ends > now then return {0} end
end
local reply = {1}
for a = 6, #ARGV do
  set_hold(data_key, ARGV[a], {ends = ends, closed = 0, holder = holder})
  reply[#reply + 1] = redis.call('HGET', data_key, 'd' .. ARGV[a]) or ''
end
list_data(data_key, visits, index, member)
visit_data(visits, member, ends + kept)
return reply

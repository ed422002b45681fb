-- Entries that leave one session and become pending. The answer is a flat list: code, record, code, record.
local sweep, foreign, due, claimed, spot_key = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local member, full_member, now, hold_until = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local takes_hidden, most = ARGV[6] == '1', tonumber(ARGV[7])
local spot, label = parts_of(member)
local found = {}

for a = 8, #ARGV do
  local record = redis.call('HGET', spot_key, label .. ARGV[a])
  local state = state_of(record)
  if has(state, LISTED) or (takes_hidden and has(state, HIDDEN)) then
    found[#found + 1] = {ARGV[a], record, string.sub(record, 10, 15)}
  end
end
if #found > most then
  for _, entry in ipairs(found) do entry[3] = struct.unpack('>I6', entry[3]) end
  table.sort(found, function(one, other) return one[3] < other[3] end)
end

if #found == 0 then return {} end
redis.call('DEL', KEYS[1]) -- a first write that needs no memory, so that the rest is not refused for want of it
local reply = {}
for i = 1, math.min(#found, most) do
  local code, record = found[i][1], found[i][2]
  claim_entry(spot_key, due, claimed, sweep, member, full_member, now, hold_until, label, code, record)
  reply[#reply + 1] = code
  reply[#reply + 1] = record
end
return answer(reply)

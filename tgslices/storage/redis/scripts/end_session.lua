-- End a leased session, unless it was touched since it was looked at. The answer begins with whether it ended, and goes
-- on with what was claimed: code, record, code, record.
local open_sessions, sweep, foreign, due, claimed = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local dues, limits, active, ends, ended = KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11]
local spot_key, index, data_key, visits, data_index = KEYS[12], KEYS[13], KEYS[14], KEYS[15], KEYS[16]
local channel, bot, member, full_member = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local leased_until, active_at, now, claimed_at = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], ARGV[9]
local hold_until, most, clears, reason, tells = ARGV[10], tonumber(ARGV[11]), ARGV[12] == '1', ARGV[13], ARGV[14] == '1'
local spot, label = parts_of(member)

local held_until = redis.call('ZSCORE', dues, full_member)
if not held_until or tonumber(held_until) ~= leased_until then return {0} end
local all = redis.call('HGETALL', spot_key)
local data = redis.call('HGETALL', data_key)
local latest = activity(label, all, data)
if latest and latest > active_at then return {0} end
if is_any_held(data, math.max(tonumber(now), active_at)) then return {0} end

redis.call('DEL', KEYS[1]) -- a first write that needs no memory, so that the rest is not refused for want of it
local reply, is_partial = {1}, '0'
if clears then
  local entries = {}
  for i = 1, #all, 2 do
    local field, record = all[i], all[i + 1]
    if string.sub(field, 1, #label) == label and is_entry(string.byte(record)) then
      entries[#entries + 1] = {string.sub(field, #label + 1), record, (struct.unpack('>I6', record, 10))}
    end
  end
  table.sort(entries, function(one, other) return one[3] < other[3] end)
  if #entries > most then is_partial = '1' end
  for i = 1, math.min(#entries, most) do
    local code, record = entries[i][1], entries[i][2]
    claim_entry(spot_key, due, claimed, sweep, member, full_member, claimed_at, hold_until, label, code, record)
    reply[#reply + 1] = code
    reply[#reply + 1] = record
  end
else
  drop_entries(spot_key, sweep, member, label, all)
end
stop(spot_key, open_sessions, full_member, label)
end_due(dues, limits, active, full_member)
close_data(data_key, visits, data_index, member)
note_closing(spot_key, index, sweep, member, spot, label, now)
if tells or is_partial == '1' then
  redis.call('ZADD', ends, hold_until, claimed_at .. full_member)
  redis.call('HSET', ended, claimed_at .. full_member, is_partial .. reason)
end
tidy(spot_key, index, foreign, spot)
tell(channel, bot)
return answer(reply)

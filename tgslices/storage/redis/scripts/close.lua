-- One session that is closed, cleared or unsubscribed. The answer: how many entries were dropped (-1 where there are
-- too many for one step), and whether it was open.
local open_sessions, sweep, foreign, spot_key, index = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local data_key, visits, data_index = KEYS[7], KEYS[8], KEYS[9]
local dues, limits, active = KEYS[10], KEYS[11], KEYS[12]
local channel, bot, mode, member, full_member = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local at, most = ARGV[7], tonumber(ARGV[8])
local spot, label = parts_of(member)
local dropped, was_open = 0, false

if mode ~= 'unsubscribe' and redis.call('HLEN', spot_key) > most then return {-1, 0} end
redis.call('DEL', KEYS[1]) -- a first write that needs no memory, so that the rest is not refused for want of it
if mode ~= 'unsubscribe' then
  dropped = drop_entries(spot_key, sweep, member, label, redis.call('HGETALL', spot_key))
end
if mode ~= 'clear' then
  was_open = stop(spot_key, open_sessions, full_member, label)
  end_due(dues, limits, active, full_member)
end
if mode == 'close' then
  close_data(data_key, visits, data_index, member)
  note_closing(spot_key, index, sweep, member, spot, label, at)
end
tidy(spot_key, index, foreign, spot)
tell(channel, bot)
return answer({dropped, was_open and 1 or 0})

-- One session that is closed, cleared or unsubscribed. The answer: how many entries were dropped (-1 where there are
-- too many for one step), and whether it was open.
local open_sessions, sweep, foreign, spot_key, index = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local data_key, visits, data_index = KEYS[7], KEYS[8], KEYS[9]
local channel, bot, mode, member, full_member = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local at, most = ARGV[7], tonumber(ARGV[8])
local spot, label = parts_of(member)
local dropped, closed, oldest = 0, 0, nil

if mode ~= 'unsubscribe' and redis.call('HLEN', spot_key) > most then return {-1, 0} end
redis.call('DEL', KEYS[1]) -- a first write that needs no memory, so that the rest is not refused for want of it
if mode ~= 'unsubscribe' then
  local all = redis.call('HGETALL', spot_key)
  for i = 1, #all, 2 do
    local field, record = all[i], all[i + 1]
    local state = string.byte(record)
    if string.sub(field, 1, #label) == label and is_entry(state) then
      if has(state, LISTED) then dropped = dropped + 1 end
      local rest = rest_of(record)
      set_or_drop(spot_key, field, rest)
      if rest and has(string.byte(rest), KNOWN) then
        local time = time_of(rest)
        if not oldest or tonumber(time) < tonumber(oldest) then oldest = time end
      end
    end
  end
  if oldest then visit(sweep, member, oldest) end
end

if mode ~= 'clear' then
  local kept, was_open = without(redis.call('HGET', spot_key, 'o') or '', label)
  if was_open then
    set_or_drop(spot_key, 'o', kept ~= '' and kept or nil)
    redis.call('ZREM', open_sessions, full_member)
    change('-', full_member)
    closed = 1
  end
end

if mode == 'close' then
  close_data(data_key, visits, data_index, member)
  local before = redis.call('HGET', spot_key, 'c' .. label)
  if not before or tonumber(before) < tonumber(at) then
    enter(spot_key, index, spot, label)
    redis.call('HSET', spot_key, 'c' .. label, at)
    visit(sweep, member, at)
  end
end

tidy(spot_key, index, foreign, spot)
tell(channel, bot)
return answer({dropped, closed})

-- Messages that leave one session, which knows them from then on, also those that it never had.
local sweep, foreign, spot_key, index, member = KEYS[2], KEYS[3], KEYS[4], KEYS[5], ARGV[2]
local spot, label = parts_of(member)
local removed = 0

redis.call('DEL', KEYS[1]) -- a first write that needs no memory, so that the rest is not refused for want of it
for a = 3, #ARGV, 3 do
  local code, known, away = ARGV[a], ARGV[a + 1], ARGV[a + 2]
  local there = redis.call('HGET', spot_key, label .. code)
  local state = state_of(there)
  local rest = there
  if is_entry(state) then
    removed = removed + 1
    rest = rest_of(there)
    set_or_drop(spot_key, label .. code, rest)
  elseif known ~= '' and not has(state, KNOWN) then
    rest = has(state, PENDING) and with_state(PENDING + KNOWN + AGAIN, there) or known
    enter(spot_key, index, spot, label)
    redis.call('HSET', spot_key, label .. code, rest)
    if away ~= '' then note_away(index, foreign, spot, away) end
  end
  if rest and has(string.byte(rest), KNOWN) then visit(sweep, member, time_of(rest)) end
end
tidy(spot_key, index, foreign, spot)
return answer(removed)

-- Open sessions that have no due get one: names of sessions, times and limits in turn.
local open_sessions, dues, limits = KEYS[1], KEYS[2], KEYS[3]
for a = 1, #ARGV, 3 do
  local full_member = ARGV[a]
  if redis.call('ZSCORE', open_sessions, full_member) and not redis.call('ZSCORE', dues, full_member) then
    set_due(dues, limits, full_member, ARGV[a + 1], ARGV[a + 2])
  end
end

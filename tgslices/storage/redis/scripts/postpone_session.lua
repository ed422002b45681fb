-- Set when a leased session is due next; never for ''. 0 says that its lease has ended.
local dues, limits, active = KEYS[2], KEYS[3], KEYS[4]
local full_member, leased_until, active_at, at, limit = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local held_until = redis.call('ZSCORE', dues, full_member)
if not held_until or tonumber(held_until) ~= tonumber(leased_until) then return 0 end
redis.call('DEL', KEYS[1]) -- a first write that needs no memory, so that the rest is not refused for want of it
if at == '' then
  end_due(dues, limits, active, full_member)
else
  set_due(dues, limits, full_member, at, limit)
  redis.call('HSET', active, full_member, active_at)
end
return answer(1)

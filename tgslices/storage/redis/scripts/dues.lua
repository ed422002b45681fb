-- When sessions are to be looked at: by that time, by their limits, and since when they are known to be idle.
local function set_due(dues, limits, full_member, at, limit)
  redis.call('ZADD', dues, at, full_member)
  redis.call('ZADD', limits, limit, full_member)
end

local function end_due(dues, limits, active, full_member)
  redis.call('ZREM', dues, full_member)
  redis.call('ZREM', limits, full_member)
  redis.call('HDEL', active, full_member)
end

-- Sessions that are due are held until a later time: first those that hurry, the earliest limit first.
local dues, limits = KEYS[2], KEYS[3]
local now, ahead, hold_until, most, looked_at = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local taken, is_taken = {}, {}

local function take(members)
  for _, member in ipairs(members) do
    if #taken >= most then return end
    if not is_taken[member] then
      taken[#taken + 1] = member
      is_taken[member] = true
    end
  end
end

for _, member in ipairs(redis.call('ZRANGEBYSCORE', limits, '(' .. now, '+inf', 'LIMIT', 0, looked_at)) do
  if #taken >= most then break end
  local at = redis.call('ZSCORE', dues, member)
  if at and (tonumber(at) <= tonumber(now) or tonumber(at) > tonumber(ahead)) then take({member}) end
end
if #taken < most then take(redis.call('ZRANGEBYSCORE', dues, '-inf', now, 'LIMIT', 0, most + #taken)) end
if #taken < most then take(redis.call('ZRANGEBYSCORE', dues, '(' .. ahead, '+inf', 'LIMIT', 0, most + #taken)) end
if #taken == 0 then return {} end

redis.call('DEL', KEYS[1]) -- a first write that needs no memory, so that the rest is not refused for want of it
for _, member in ipairs(taken) do redis.call('ZADD', dues, hold_until, member) end
return answer(taken)

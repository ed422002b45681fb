-- Sessions that are due are held until a later time: first those that hurry, the earliest limit first, from a limit on.
-- The answer begins with the limit of the last of them, and with the time when one of those is due that were looked at
-- and left ('' for none); both are '' unless all that is taken hurries.
local dues, limits = KEYS[2], KEYS[3]
local now, ahead, hold_until, most, looked_at = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local from = ARGV[7] ~= '' and ARGV[7] or '(' .. now
local taken, is_taken, next_due = {}, {}, nil
local STEP = 100 -- members of one command: each would cost as much as the rest if it were a command of its own

local function take(members)
  for _, member in ipairs(members) do
    if #taken >= most then return end
    if not is_taken[member] then
      taken[#taken + 1] = member
      is_taken[member] = true
    end
  end
end

local latest, earliest = tonumber(now), tonumber(ahead)
local LOOK = STEP + 1 -- the last one of the lease before stands first
for start = 0, looked_at - 1, LOOK do
  if #taken >= most then break end
  local size = math.min(LOOK, looked_at - start)
  local some, free = redis.call('ZRANGEBYSCORE', limits, from, '+inf', 'LIMIT', start, size), {}
  if #some == 0 then break end
  for number, at in ipairs(redis.call('ZMSCORE', dues, unpack(some))) do
    local time = at and tonumber(at)
    if time and (time <= latest or time > earliest) then
      free[#free + 1] = some[number]
    elseif time and (not next_due or time < next_due) then
      next_due = time
    end
  end
  take(free)
end
local floor, floor_ends = '', ''
if #taken >= most then
  floor, floor_ends = redis.call('ZSCORE', limits, taken[most]), next_due and string.format('%.0f', next_due) or ''
end
if #taken < most then take(redis.call('ZRANGEBYSCORE', dues, '-inf', now, 'LIMIT', 0, most + #taken)) end
if #taken < most then take(redis.call('ZRANGEBYSCORE', dues, '(' .. ahead, '+inf', 'LIMIT', 0, most + #taken)) end
if #taken == 0 then return {} end

redis.call('DEL', KEYS[1]) -- a first write that needs no memory, so that the rest is not refused for want of it
for start = 1, #taken, STEP do
  local held = {}
  for number = start, math.min(start + STEP - 1, #taken) do
    held[#held + 1] = hold_until
    held[#held + 1] = taken[number]
  end
  redis.call('ZADD', dues, unpack(held))
end
local reply = {floor, floor_ends}
for _, member in ipairs(taken) do reply[#reply + 1] = member end
return answer(reply)

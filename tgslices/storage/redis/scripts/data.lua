-- The data of a session is a hash: 'd' and a name for a fragment, 'h' and a name for who holds it. A fragment begins
-- with whether it outlives a close (1) and when it expires (0: never); a hold with its end and whether the session was
-- closed since.
local function hold_of(data_key, name)
  local hold = redis.call('HGET', data_key, 'h' .. name)
  if not hold then return nil end
  local ends, closed = struct.unpack('>dB', hold)
  return {ends = ends, closed = closed, holder = string.sub(hold, 10)}
end

-- Return whether somebody holds any of what a session has until later than a time.
local function is_any_held(all, time)
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 1) == 'h' and struct.unpack('>d', all[i + 1]) > time then return true end
  end
  return false
end

local function set_hold(data_key, name, hold)
  redis.call('HSET', data_key, 'h' .. name, struct.pack('>dB', hold.ends, hold.closed) .. hold.holder)
end

local function outlives(fragment)
  return string.byte(fragment) == 1
end

local function expiry_of(fragment)
  return (struct.unpack('>d', fragment, 2))
end

-- Let the data of a session be visited when something of it is past.
local function visit_data(visits, member, time)
  redis.call('ZADD', visits, 'LT', string.format('%.0f', time), member)
end

local function set_fragment(data_key, visits, member, name, fragment)
  if fragment == '' then
    redis.call('HDEL', data_key, 'd' .. name)
  else
    redis.call('HSET', data_key, 'd' .. name, fragment)
    if expiry_of(fragment) ~= 0 then visit_data(visits, member, expiry_of(fragment)) end
  end
end

-- List a session among those of its chat that have data, or no longer.
local function list_data(data_key, visits, index, member)
  if redis.call('EXISTS', data_key) == 1 then
    redis.call('HSET', index, member, '')
  else
    redis.call('HDEL', index, member)
    redis.call('ZREM', visits, member)
  end
end

local function close_data(data_key, visits, index, member)
  local all = redis.call('HGETALL', data_key)
  for i = 1, #all, 2 do
    local field, value = all[i], all[i + 1]
    if string.sub(field, 1, 1) == 'h' then
      redis.call('HSET', data_key, field, string.sub(value, 1, 8) .. '\1' .. string.sub(value, 10))
    elseif not outlives(value) then
      redis.call('HDEL', data_key, field)
    end
  end
  if #all > 0 then list_data(data_key, visits, index, member) end
end

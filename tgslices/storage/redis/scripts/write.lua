-- A group of writes of one bot: messages for every open session of their spots, or for one session, and openings.
local counter, open_sessions, sweep, foreign = KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local dues, limits = KEYS[6], KEYS[7]
local channel, bot, count = ARGV[2], ARGV[3], tonumber(ARGV[4])
local ADD, AWAY = 1, 2
local MESSAGE, OPENS, SKIP, UNLESS_KNOWN = 1, 2, 4, 8
local k, a = 8, 5
local first, results = nil, {}

-- All entries of one write have one number, because no session gets two of them.
local function number_of(write)
  if not first then first = redis.call('INCRBY', counter, count) - count end
  return struct.pack('>I6', first + write)
end

local function numbered(record, write)
  return string.sub(record, 1, 9) .. number_of(write) .. string.sub(record, 10)
end

local function record(write, options, id, code, message, away)
  local spots, matched, full = options, 0, nil
  for spot = 1, spots do
    local spot_key = KEYS[k]
    k = k + 1
    local open = redis.call('HGET', spot_key, 'o')
    local at = 1
    while open and at <= #open do
      local label, watermark, text
      label, watermark, text, at = struct.unpack('>Bc0dI4c0', open, at)
      matched = matched + 1
      if id <= 0 or id > watermark then
        full = full or numbered(message, write)
        local is_new = redis.call('HSETNX', spot_key, label .. code, full) == 1
        if is_new and away then note_away(away.index, foreign, away[spot], away.chat) end
      end
    end
  end
  return matched
end

local function learn_outside(spot_key, member, label, code, known)
  local there = redis.call('HGET', spot_key, label .. code)
  local state = state_of(there)
  if is_entry(state) or has(state, KNOWN) then return end
  if has(state, PENDING) then known = with_state(PENDING + KNOWN + AGAIN, there) end
  redis.call('HSET', spot_key, label .. code, known)
  visit(sweep, member, time_of(known))
end

local function add(write, options, id)
  local spot_key, index = KEYS[k], KEYS[k + 1]
  k = k + 2
  local member, text, full_member, opened_at = ARGV[a], ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
  local code, message, away = ARGV[a + 4], ARGV[a + 5], ARGV[a + 6]
  local outside_code, outside, outside_away = ARGV[a + 7], ARGV[a + 8], ARGV[a + 9]
  local watermark, begun_at, due_at, limit = ARGV[a + 10], ARGV[a + 11], ARGV[a + 12], ARGV[a + 13]
  a = a + 14
  local spot, label = parts_of(member)
  local open = redis.call('HGET', spot_key, 'o') or ''
  local is_open, covered = find_open(open, label)
  if not is_open then
    if has(options, SKIP) then return 0 end
    local closed_at = begun_at ~= '' and redis.call('HGET', spot_key, 'c' .. label)
    if closed_at and tonumber(closed_at) > tonumber(begun_at) then return 0 end
  elseif begun_at ~= '' and has(options, SKIP) then
    local since = redis.call('ZSCORE', open_sessions, full_member)
    if since and tonumber(since) > tonumber(begun_at) then return 0 end
  end
  if has(options, MESSAGE) then
    local there = redis.call('HGET', spot_key, label .. code)
    local state = state_of(there)
    if not has(state, LISTED) then
      if has(options, UNLESS_KNOWN) and (there or (id > 0 and id <= covered)) then return is_open and 4 or 0 end
      local full = numbered(message, write)
      if has(state, PENDING) then full = with_state(string.byte(full) + PENDING, full) end
      enter(spot_key, index, spot, label)
      redis.call('HSET', spot_key, label .. code, full)
      if away ~= '' then note_away(index, foreign, spot, away) end
    end
  end
  local result = has(options, MESSAGE) and 1 or 0
  if is_open then return result + 4 end
  if not has(options, OPENS) then return result end
  number_of(write)
  enter(spot_key, index, spot, label)
  redis.call('HSET', spot_key, 'o', open .. opened(label, tonumber(watermark), text))
  redis.call('ZADD', open_sessions, opened_at, full_member)
  if due_at ~= '' then set_due(dues, limits, full_member, due_at, limit) end
  change('+', full_member)
  if outside ~= '' then
    learn_outside(spot_key, member, label, outside_code, outside)
    if outside_away ~= '' then note_away(index, foreign, spot, outside_away) end
  end
  return result + 6
end

for write = 1, count do
  local flags, options, id = struct.unpack('>BBd', ARGV[a])
  a = a + 1
  if has(flags, ADD) then
    results[write] = add(write, options, id)
  else
    local code, message, away = ARGV[a], ARGV[a + 1], nil
    a = a + 2
    if has(flags, AWAY) then
      away = {index = KEYS[k + options], chat = ARGV[a]}
      a = a + 1
      for spot = 1, options do away[spot] = ARGV[a + spot - 1] end
      a = a + options
    end
    results[write] = record(write, options, id, code, message, away)
    if away then k = k + 1 end
  end
end

if not first then return results end
tell(channel, bot)
return answer(results)

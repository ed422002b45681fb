-- Spots that move to the new id of their chat, with all that is in them. The answer has the sessions that were open.
local counter, open_sessions, sweep, foreign, due, claimed = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local migrated, old_index, new_index = KEYS[8], KEYS[9], KEYS[10]
local dues, limits, active = KEYS[11], KEYS[12], KEYS[13]
local channel, bot, old_chat, new_id = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local were_open = {}

-- Return the label of a field, and the code behind it; no label for what is no message.
local function split(field)
  local first = string.byte(field)
  local length = first == 0 and 1 or first == 255 and 17 or first
  if length > 33 then return nil end
  return string.sub(field, 1, length), string.sub(field, length + 1)
end

-- What was a message of the own chat is one of another chat now, and the other way round.
local function recode(code, old_tail, new_tail)
  local first = string.byte(code)
  if first == 0 then return '\2\0\0\0\0' .. string.sub(code, 2) .. old_tail end
  if first == 1 then return '\2' .. string.sub(code, 2) .. old_tail end
  if string.sub(code, 10) ~= new_tail then return code end
  if string.sub(code, 2, 5) == '\0\0\0\0' then return '\0' .. string.sub(code, 6, 9) end
  return '\1' .. string.sub(code, 2, 9)
end

-- Return the chat and the connection of a message that is not one of the own chat.
local function away_of(code)
  if string.byte(code) ~= 2 then return nil end
  if string.byte(code, 18) == 0 then return string.sub(code, 10, 18) end
  return string.sub(code, 10, 22 + struct.unpack('>I4', code, 19))
end

local function full_member(head, label, text)
  if label == '\0' then return head .. '\0' end
  if string.byte(label) ~= 255 then text = string.sub(label, 2) end
  return head .. '\1' .. struct.pack('>I4', #text) .. text
end

local function move_pending(old_reference, new_reference, code)
  local pending, time = redis.call('HGET', claimed, old_reference), redis.call('ZSCORE', due, old_reference)
  redis.call('HDEL', claimed, old_reference)
  redis.call('ZREM', due, old_reference)
  if not pending or not time or redis.call('HEXISTS', claimed, new_reference) == 1 then return end
  local full, at = struct.unpack('>I4c0', pending, 9)
  local _, tail = struct.unpack('>I4c0', pending, at)
  local moved = new_id .. string.sub(full, 9)
  redis.call('HSET', claimed, new_reference, string.sub(pending, 1, 8) .. struct.pack('>I4', #moved) .. moved
    .. struct.pack('>I4', #code) .. code .. string.sub(pending, tail))
  redis.call('ZADD', due, time, new_reference)
end

local function renumbered(record)
  return string.sub(record, 1, 9) .. struct.pack('>I6', redis.call('INCR', counter)) .. string.sub(record, 16)
end

-- Return what a message is in the session that it comes to, where it may be already.
local function merged(there, moving)
  if not there then return is_entry(string.byte(moving)) and renumbered(moving) or moving end
  local here, coming = string.byte(there), string.byte(moving)
  local pending = (has(here, PENDING) or has(coming, PENDING)) and PENDING or 0
  if is_entry(here) then return with_state(here - (has(here, PENDING) and PENDING or 0) + pending, there) end
  if is_entry(coming) then
    return with_state(coming - (has(coming, PENDING) and PENDING or 0) + pending, renumbered(moving))
  end
  local known = (has(here, KNOWN) or has(coming, KNOWN)) and KNOWN or 0
  local again = (has(here, AGAIN) or has(coming, AGAIN)) and AGAIN or 0
  local base = has(coming, PENDING) and moving or there
  return with_state(pending + known + again, base)
end

local function number_in(record)
  return #record >= 15 and struct.unpack('>I6', record, 10) or 0
end

-- Let a session be due when another one was, or when it is itself, whichever is earlier.
local function move_due(old_full, new_full, opened_at)
  local at, limit = redis.call('ZSCORE', dues, old_full), redis.call('ZSCORE', limits, old_full)
  if not at then return end
  local idle = redis.call('HGET', active, old_full) or opened_at
  local there = redis.call('HGET', active, new_full) or redis.call('ZSCORE', open_sessions, new_full) or idle
  end_due(dues, limits, active, old_full)
  redis.call('ZADD', dues, 'LT', at, new_full)
  redis.call('ZADD', limits, 'LT', limit or at, new_full)
  redis.call('HSET', active, new_full, tonumber(there) > tonumber(idle) and there or idle)
end

local function move(old_key, new_key, old_spot, new_spot, old_tail, new_tail, old_head, new_head)
  local all, entries, open = redis.call('HGETALL', old_key), {}, ''
  local new_open = redis.call('HGET', new_key, 'o') or ''
  if #all == 0 then return leave(old_index, foreign, old_spot) end
  for i = 1, #all, 2 do
    local field, value = all[i], all[i + 1]
    local label, code = split(field)
    if field == 'o' then
      open = value
    elseif field == 'q' then
      local at = 1
      while at <= #value do
        local one
        one, at = struct.unpack('>Bc0', value, at)
        local old_member, new_member = member_of(old_spot, one), member_of(new_spot, one)
        enter(new_key, new_index, new_spot, one)
        local time = redis.call('ZSCORE', sweep, old_member)
        if time then
          redis.call('ZREM', sweep, old_member)
          visit(sweep, new_member, time)
        end
      end
    elseif label then
      entries[#entries + 1] = {label, code, value, number_in(value)}
    else
      local there = redis.call('HGET', new_key, field)
      if not there or tonumber(there) < tonumber(value) then redis.call('HSET', new_key, field, value) end
    end
  end
  table.sort(entries, function(one, other) return one[4] < other[4] end)
  for _, entry in ipairs(entries) do
    local label, code, record = entry[1], entry[2], entry[3]
    local new_code = recode(code, old_tail, new_tail)
    local there = redis.call('HGET', new_key, label .. new_code)
    if has(string.byte(record), PENDING) then
      move_pending(member_of(old_spot, label) .. code, member_of(new_spot, label) .. new_code, new_code)
    end
    redis.call('HSET', new_key, label .. new_code, merged(there or nil, record))
    local away = away_of(new_code)
    if away then note_away(new_index, foreign, new_spot, away) end
  end
  local at = 1
  while at <= #open do
    local label, watermark, text
    label, watermark, text, at = struct.unpack('>Bc0dI4c0', open, at)
    local old_full, new_full = full_member(old_head, label, text), full_member(new_head, label, text)
    local opened_at = redis.call('ZSCORE', open_sessions, old_full) or '0'
    redis.call('ZREM', open_sessions, old_full)
    move_due(old_full, new_full, opened_at)
    if not find_open(new_open, label) then
      new_open = new_open .. opened(label, 0, text)
      redis.call('HSET', new_key, 'o', new_open)
      redis.call('ZADD', open_sessions, opened_at, new_full)
    end
    change('-', old_full)
    change('+', new_full)
    were_open[#were_open + 1] = old_full
  end
  redis.call('DEL', old_key)
  leave(old_index, foreign, old_spot)
  tidy(new_key, new_index, foreign, new_spot)
end

redis.call('SADD', migrated, old_chat)
local k = 14
for a = 6, #ARGV, 6 do
  move(KEYS[k], KEYS[k + 1], ARGV[a], ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4], ARGV[a + 5])
  k = k + 2
end
tell(channel, bot)
return answer(were_open)

-- A spot is a hash: 'o' its open sessions, 'q' the labels of all its sessions, 'c' and a label when that one was
-- closed, and a label and a code for each message. Codes and records are described in codes/records.py.
local LISTED, HIDDEN, KNOWN, PENDING, AGAIN = 1, 2, 4, 8, 16

local function has(state, bit)
  return state % (2 * bit) >= bit
end

local function state_of(record)
  return record and string.byte(record) or 0
end

local function is_entry(state)
  return has(state, LISTED) or has(state, HIDDEN)
end

local function with_state(state, record)
  return string.char(state) .. string.sub(record, 2)
end

-- What stays of an entry that is none any more; nil if nothing does.
local function rest_of(record)
  local state = string.byte(record)
  local stays = (has(state, AGAIN) and AGAIN + KNOWN or 0) + (has(state, PENDING) and PENDING or 0)
  if stays == 0 then return nil end
  -- What is pending may be asked for by its topic; of what is only known, the time is all that matters.
  return string.char(stays) .. string.sub(record, 2, has(stays, PENDING) and -1 or 9)
end

local function time_of(record)
  return string.format('%.0f', (struct.unpack('>i8', record, 2)))
end

local function set_or_drop(spot_key, field, record)
  if record then
    redis.call('HSET', spot_key, field, record)
  else
    redis.call('HDEL', spot_key, field)
  end
end

-- Let a session be visited when the earliest of what it knows is past.
local function visit(sweep, member, time)
  redis.call('ZADD', sweep, 'LT', time, member)
end

local function parts_of(member)
  local spot, at = struct.unpack('>I4c0', member)
  return spot, string.sub(member, at)
end

local function member_of(spot, label)
  return struct.pack('>I4', #spot) .. spot .. label
end

-- List the spot in its chat, and the label in its spot.
local function enter(spot_key, index, spot, label)
  local labels = redis.call('HGET', spot_key, 'q')
  local at = 1
  while labels and at <= #labels do
    local other
    other, at = struct.unpack('>Bc0', labels, at)
    if other == label then return end
  end
  if not labels then redis.call('HSETNX', index, spot, '') end
  redis.call('HSET', spot_key, 'q', (labels or '') .. string.char(#label) .. label)
end

-- Note that a spot holds something of another chat, or something that is no ordinary message.
local function note_away(index, foreign, spot, away)
  local chats = redis.call('HGET', index, spot) or ''
  local at = 1
  while at <= #chats do
    local chat
    chat, at = struct.unpack('>I4c0', chats, at)
    if chat == away then return end
  end
  redis.call('HSET', index, spot, chats .. struct.pack('>I4', #away) .. away)
  redis.call('ZADD', foreign, 0, away .. spot)
end

local function leave(index, foreign, spot)
  local chats = redis.call('HGET', index, spot) or ''
  local at = 1
  while at <= #chats do
    local chat
    chat, at = struct.unpack('>I4c0', chats, at)
    redis.call('ZREM', foreign, chat .. spot)
  end
  redis.call('HDEL', index, spot)
end

-- Drop a spot that holds nothing but the labels that it had.
local function tidy(spot_key, index, foreign, spot)
  if redis.call('HLEN', spot_key) == 1 then
    redis.call('DEL', spot_key)
    leave(index, foreign, spot)
  end
end

-- Return the open sessions of a spot without one of them, and whether that was there.
local function without(open, label)
  local kept, found, at = '', false, 1
  while at <= #open do
    local start, other, watermark, full = at
    other, watermark, full, at = struct.unpack('>Bc0dI4c0', open, at)
    if other == label then
      found = true
    else
      kept = kept .. string.sub(open, start, at - 1)
    end
  end
  return kept, found
end

-- Return whether a session is open, and its watermark.
local function find_open(open, label)
  local at = 1
  while at <= #open do
    local other, watermark, full
    other, watermark, full, at = struct.unpack('>Bc0dI4c0', open, at)
    if other == label then return true, watermark end
  end
  return false, 0
end

local function opened(label, watermark, full)
  return string.char(#label) .. label .. struct.pack('>dI4', watermark, #full) .. full
end

-- Changes are told to everybody who listens, in the order in which they happen.
local changes = {}

local function change(sign, full_member)
  changes[#changes + 1] = sign .. struct.pack('>I4', #full_member) .. full_member
end

local function tell(channel, bot)
  if #changes > 0 then redis.call('PUBLISH', channel, ARGV[1] .. bot .. table.concat(changes)) end
end

-- Whether messages have buttons, one of the flags of a record. Each spot has a way and a count; by 'ids' the codes hold
-- for every session of the spot, by 'fields' each code follows the label of its session.
local BUTTONS = 64
local has_buttons = ARGV[1] == '1'
local a, changed = 2, 0

local function note(spot_key, field)
  local record = redis.call('HGET', spot_key, field)
  if not is_entry(state_of(record)) then return end
  local flags = string.byte(record, 16)
  if has(flags, BUTTONS) == has_buttons then return end
  flags = flags + (has_buttons and BUTTONS or -BUTTONS)
  redis.call('HSET', spot_key, field, string.sub(record, 1, 15) .. string.char(flags) .. string.sub(record, 17))
  changed = changed + 1
end

for k = 1, #KEYS do
  local way, count = ARGV[a], tonumber(ARGV[a + 1])
  a = a + 2
  if way == 'ids' then
    local labels, at = redis.call('HGET', KEYS[k], 'q') or '', 1
    while at <= #labels do
      local label
      label, at = struct.unpack('>Bc0', labels, at)
      for i = a, a + count - 1 do note(KEYS[k], label .. ARGV[i]) end
    end
    a = a + count
  else
    for i = a, a + 2 * count - 1, 2 do note(KEYS[k], ARGV[i] .. ARGV[i + 1]) end
    a = a + 2 * count
  end
end
return changed

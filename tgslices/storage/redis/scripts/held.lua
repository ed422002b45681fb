-- Whether an open session of these spots holds a message: a code for each spot. If not, which other spots there are.
local LISTED, HIDDEN = 1, 2
for i = 3, #KEYS do
  local open, at = redis.call('HGET', KEYS[i], 'o') or '', 1
  while at <= #open do
    local label, watermark, full
    label, watermark, full, at = struct.unpack('>Bc0dI4c0', open, at)
    local record = redis.call('HGET', KEYS[i], label .. ARGV[i - 1])
    local state = record and string.byte(record) or 0
    if state % 2 >= LISTED or state % 4 >= HIDDEN then return {1} end
  end
end
if ARGV[1] == '' then return {0} end
return {0, redis.call('HKEYS', KEYS[1]), redis.call('ZRANGEBYLEX', KEYS[2], '[' .. ARGV[1], '(' .. ARGV[1] .. '\255')}

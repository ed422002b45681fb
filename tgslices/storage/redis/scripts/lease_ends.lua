-- Ends that are free are held until a later time: which they are, and what is kept of them, in turn.
local ends, ended = KEYS[2], KEYS[3]
local now, ahead, hold_until, most = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local free = redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, most)
if #free < most then
  local late = redis.call('ZRANGEBYSCORE', ends, '(' .. ahead, '+inf', 'LIMIT', 0, most - #free)
  for _, member in ipairs(late) do free[#free + 1] = member end
end
if #free == 0 then return {} end
redis.call('DEL', KEYS[1]) -- a first write that needs no memory, so that the rest is not refused for want of it
local reply = {}
for _, member in ipairs(free) do
  redis.call('ZADD', ends, hold_until, member)
  reply[#reply + 1] = member
  reply[#reply + 1] = redis.call('HGET', ended, member) or '0idle'
end
return answer(reply)

-- What is due, or so late that a clock must have been ahead, is held until a later time.
local due, claimed = KEYS[2], KEYS[3]
local now, ahead, hold_until, most = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local references = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, most)
if #references < most then
  local late = redis.call('ZRANGEBYSCORE', due, '(' .. ahead, '+inf', 'LIMIT', 0, most - #references)
  for _, reference in ipairs(late) do references[#references + 1] = reference end
end
if #references == 0 then return {} end

redis.call('DEL', KEYS[1]) -- a first write that needs no memory, so that the rest is not refused for want of it
local reply = {}
for _, reference in ipairs(references) do
  local pending = redis.call('HGET', claimed, reference)
  if pending then
    redis.call('ZADD', due, hold_until, reference)
    reply[#reply + 1] = pending
  else
    redis.call('ZREM', due, reference)
  end
end
return answer(reply)

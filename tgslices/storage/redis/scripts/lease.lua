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
local STEP = 100 -- references of one command: each would cost as much as the rest if it were a command of its own
for start = 1, #references, STEP do
  local some = {unpack(references, start, math.min(start + STEP - 1, #references))}
  local held, gone = {}, {}
  for number, pending in ipairs(redis.call('HMGET', claimed, unpack(some))) do
    if pending then
      held[#held + 1] = hold_until
      held[#held + 1] = some[number]
      reply[#reply + 1] = pending
    else
      gone[#gone + 1] = some[number]
    end
  end
  if #held > 0 then redis.call('ZADD', due, unpack(held)) end
  if #gone > 0 then redis.call('ZREM', due, unpack(gone)) end
end
return answer(reply)

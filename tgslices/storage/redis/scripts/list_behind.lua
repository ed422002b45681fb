-- What stands behind a place in an order: members and scores in turn. The place is a score and a member, which need not be
-- there any more; of one score, members are in the order of their bytes.
local ordered, score, member, most = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])

-- Strings are compared by their bytes, as the server does, and not by the rules of its locale.
local function is_behind(one, other)
  for i = 1, math.min(#one, #other) do
    local a, b = string.byte(one, i), string.byte(other, i)
    if a ~= b then return a > b end
  end
  return #one > #other
end

local first = 0
if score ~= '' then
  first = redis.call('ZCOUNT', ordered, '-inf', '(' .. score)
  local last = first + redis.call('ZCOUNT', ordered, score, score)
  while first < last do
    local middle = math.floor((first + last) / 2)
    if is_behind(redis.call('ZRANGE', ordered, middle, middle)[1], member) then
      last = middle
    else
      first = middle + 1
    end
  end
end
return redis.call('ZRANGE', ordered, first, first + most - 1, 'WITHSCORES')

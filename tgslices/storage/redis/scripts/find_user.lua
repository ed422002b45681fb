-- Entries of a person in spots: the number of the spot, field and record in turn. Those that are no ordinary messages of
-- their spot's chat are told whoever wrote them, because who they are for stands in their code. The person is as in a
-- record, and whether it is one who writes as a chat: then those that any chat wrote are told, too.
local USER, USER_IS_CHAT, THREAD = 2, 4, 8
local user, is_chat = ARGV[1], ARGV[2] == '1'
local found = {}
for spot = 1, #KEYS do
  local all = redis.call('HGETALL', KEYS[spot])
  for i = 1, #all, 2 do
    local field, record = all[i], all[i + 1]
    local first = string.byte(field)
    local label = first == 0 and 1 or first == 255 and 17 or first
    if label <= 33 and #record > 17 and is_entry(string.byte(record)) then
      local flags = string.byte(record, 16)
      local names = has(flags, USER) and not has(flags, USER_IS_CHAT)
      local at = names and 26 or 18
      local wrote = names and string.sub(record, 18, 25) == user or is_chat and has(flags, USER_IS_CHAT)
      local in_topic = has(flags, THREAD) and string.sub(record, at, at + 7) == user
      if wrote or in_topic or string.byte(field, label + 1) == 2 then
        found[#found + 1] = tostring(spot)
        found[#found + 1] = field
        found[#found + 1] = record
      end
    end
  end
end
return found

-- What closing, claiming and ending a session have in common.

-- Let an entry be pending, and known where an update may bring it again.
local function claim_entry(spot_key, due, claimed, sweep, member, full_member, now, hold_until, label, code, record)
  local reference = member .. code
  if not has(string.byte(record), PENDING) then
    redis.call('HSET', claimed, reference, now .. struct.pack('>I4', #full_member) .. full_member
      .. struct.pack('>I4', #code) .. code .. string.sub(record, 2, 9) .. string.sub(record, 16))
  end
  redis.call('ZADD', due, hold_until, reference)
  local is_known = has(string.byte(record), AGAIN)
  redis.call('HSET', spot_key, label .. code, with_state(PENDING + (is_known and KNOWN + AGAIN or 0), record))
  if is_known then visit(sweep, member, time_of(record)) end
end

-- Drop every entry of a session, which knows them from then on; return how many were listed.
local function drop_entries(spot_key, sweep, member, label, all)
  local dropped, oldest = 0, nil
  for i = 1, #all, 2 do
    local field, record = all[i], all[i + 1]
    local state = string.byte(record)
    if string.sub(field, 1, #label) == label and is_entry(state) then
      if has(state, LISTED) then dropped = dropped + 1 end
      local rest = rest_of(record)
      set_or_drop(spot_key, field, rest)
      if rest and has(string.byte(rest), KNOWN) then
        local time = time_of(rest)
        if not oldest or tonumber(time) < tonumber(oldest) then oldest = time end
      end
    end
  end
  if oldest then visit(sweep, member, oldest) end
  return dropped
end

-- Track no more; return whether the session was open.
local function stop(spot_key, open_sessions, full_member, label)
  local kept, was_open = without(redis.call('HGET', spot_key, 'o') or '', label)
  if was_open then
    set_or_drop(spot_key, 'o', kept ~= '' and kept or nil)
    redis.call('ZREM', open_sessions, full_member)
    change('-', full_member)
  end
  return was_open
end

-- Note when a session was closed; an earlier time never replaces a later one.
local function note_closing(spot_key, index, sweep, member, spot, label, at)
  local before = redis.call('HGET', spot_key, 'c' .. label)
  if not before or tonumber(before) < tonumber(at) then
    enter(spot_key, index, spot, label)
    redis.call('HSET', spot_key, 'c' .. label, at)
    visit(sweep, member, at)
  end
end

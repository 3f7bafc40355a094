-- Gives a consumer of a group its next events: those it has and has not done, else new ones.
-- keys: log, readers
-- args: group, consumer, how many, where a new group begins ('': there must be one)
-- answers {'absent'} or {what was done to the group, its checkpoint, the last position given to anybody,
-- entries}; the fields of an entry are false if it was trimmed
local function take(keys, args)
  local log, readers, group = keys[1], keys[2], args[1]
  local at, state = ensure(log, readers, group, args[4])
  if not at then return {'absent'} end
  local function entries(from)
    local got = redis.call('XREADGROUP', 'GROUP', group, args[2], 'COUNT', args[3], 'STREAMS', log, from)
    return got and got[1] and got[1][2] or {}
  end
  local found = entries('0')
  if #found == 0 then
    found = entries('>')
    -- If events before these were trimmed, nobody will do them.
    if #found > 0 then note(log, readers, group) end
  end
  local given = string.match(group_of(log, group)['last-delivered-id'], '^%d+')
  return {state, at, tonumber(given), found}
end

-- Sets an event aside that a group's handler does not take, and lets the group go on.
-- keys: log, readers, parked events of the group
-- args: group, entry id, position, record
local function park(keys, args)
  redis.call('HSET', keys[3], args[3], args[4])
  if not ensure(keys[1], keys[2], args[1], '') then return 0 end
  local done = redis.call('XACK', keys[1], args[1], args[2])
  note(keys[1], keys[2], args[1])
  return done
end

-- Removes a group with all that is kept of it.
-- keys: log, readers, parked, again
-- args: group
-- answers 1
local function disband(keys, args)
  -- A log that was never written has no groups.
  redis.pcall('XGROUP', 'DESTROY', keys[1], args[1])
  redis.call('HDEL', keys[2], 'group:' .. args[1])
  redis.call('DEL', keys[3], keys[4])
  return 1
end

-- Notes that a group has done events: acknowledgement and checkpoint in one step.
-- keys: log, readers
-- args: group, entry ids
-- answers how many were pending
local function ack(keys, args)
  if not ensure(keys[1], keys[2], args[1], '') then return 0 end
  local done = redis.call('XACK', keys[1], args[1], unpack(args, 2))
  note(keys[1], keys[2], args[1])
  return done
end

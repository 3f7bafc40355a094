-- Removes a consumer of a group unless it has pending events: the server would forget them with it.
-- keys: log
-- args: group, consumer
-- answers 1 if it is gone, 0 if it has pending events
local function dismiss(keys, args)
  if #redis.call('XPENDING', keys[1], args[1], '-', '+', 1, args[2]) > 0 then return 0 end
  redis.call('XGROUP', 'DELCONSUMER', keys[1], args[1], args[2])
  return 1
end

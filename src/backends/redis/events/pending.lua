-- Events that a group's consumers have and have not done, and whether they are still in the log.
-- keys: log
-- args: group, first entry id, how many
-- answers {entry id, consumer, idle in ms, deliveries, 1 if it is there}...
local function pending(keys, args)
  local out = {}
  local found = redis.pcall('XPENDING', keys[1], args[1], args[2], '+', args[3])
  if found.err then return out end
  for _, one in ipairs(found) do
    for i = 1, 4 do out[#out + 1] = one[i] end
    out[#out + 1] = #redis.call('XRANGE', keys[1], one[1], one[1])
  end
  return out
end

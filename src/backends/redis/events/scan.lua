-- One step of a walk over a shard's aggregates, run where the shard is.
-- keys: log
-- args: cursor, pattern, how many keys to look at
-- answers {next cursor, {key of an index, its length, its last position}...}
local function scan(keys, args)
  local call = redis.call
  local step = call('SCAN', args[1], 'MATCH', args[2], 'COUNT', args[3])
  local out = {step[1]}
  for _, key in ipairs(step[2]) do
    out[#out + 1] = key
    out[#out + 1] = call('LLEN', key)
    out[#out + 1] = call('LINDEX', key, -1) or ''
  end
  return out
end

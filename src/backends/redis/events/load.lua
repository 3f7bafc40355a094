-- Reads events of one aggregate by its index: what it costs depends on them alone.
-- keys: log, index of the aggregate
-- args: first revision, last revision (-1: the newest)
-- answers {events of the aggregate, {revision, position, entry}...}; an entry is false if it was
-- trimmed. Positions in a row are read in one go.
local function load(keys, args)
  local call = redis.call
  local first = tonumber(args[1])
  local positions = call('LRANGE', keys[2], first, args[2])
  local out = {call('LLEN', keys[2])}
  local i, count = 1, #positions
  while i <= count do
    local from = tonumber(positions[i])
    local k = i
    while k < count and tonumber(positions[k + 1]) == from + k - i + 1 do k = k + 1 end
    local entries = call('XRANGE', keys[1], positions[i], positions[k])
    -- Trimmed ones are the oldest, so what is there stands at the end of the row.
    local missing = k - i + 1 - #entries
    for m = i, k do
      out[#out + 1] = first + m - 1
      out[#out + 1] = tonumber(positions[m])
      out[#out + 1] = entries[m - i + 1 - missing] or false
    end
    i = k + 1
  end
  return out
end

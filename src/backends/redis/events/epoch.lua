-- The epoch of a shard: counted up if the server is not the one that is noted.
-- keys: meta
-- answers the epoch, COUNTER-RUN
local function epoch(keys)
  local call = redis.call
  local run = string.match(call('INFO', 'server'), 'run_id:(%x+)')
  local noted = call('HGET', keys[1], 'epoch')
  local counter, last = string.match(noted or '', '^(%d+)-(%x+)$')
  if last == run then return noted end
  local now = (tonumber(counter) or 0) + 1 .. '-' .. run
  call('HSET', keys[1], 'epoch', now)
  return now
end

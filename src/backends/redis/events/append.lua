-- Appends events of one aggregate, or answers why not. What is written before all is checked is undone.
-- keys: tail, head, log, index of the aggregate, then for each event the bucket of its id
-- args: expected (any | no-stream | exists | a revision), aggregate, then for each event:
--       id (16 bytes), digest (32 bytes), envelope
-- answers {'ok', revision and position of the first, link of the last, recorded at in ms}
--      or {'known', revision of the first, its position}   all were stored before
--      or {'other', which, revision}      that id is stored with another content
--      or {'mixed', which, revision}      some are stored, some are not
--      or {'conflict', events}            the aggregate has so many events
--      or {'absent'}                      the shard was never made, or it was flushed
-- Calls of the server and numbers made into texts are what it costs: each is made once.
local function known(keys, args)
  local call, sub, count = redis.call, string.sub, #keys - 4
  local first
  for i = 1, count do
    local stored = call('HGET', keys[4 + i], args[3 * i])
    local revision = stored and tonumber(sub(stored, 5))
    if stored and sub(stored, 1, 4) ~= sub(args[3 * i + 1], 1, 4) then return {'other', i, revision} end
    if i == 1 then first = revision end
    if i == 1 and not stored then
      -- None of them, or only later ones.
      for k = 2, count do
        stored = call('HGET', keys[4 + k], args[3 * k])
        if stored then return {'mixed', k, tonumber(sub(stored, 5))} end
      end
      return nil
    end
    if not stored or revision ~= first + i - 1 then return {'mixed', i, revision or -1} end
  end
  return {'known', first, tonumber(call('LINDEX', keys[4], first))}
end

local function append(keys, args)
  local call, sub, sha1hex = redis.call, string.sub, redis.sha1hex
  local expected, count = args[1], #keys - 4
  local events = call('LLEN', keys[4])
  if expected ~= 'any' then
    local exact = tonumber(expected)
    if (exact and exact ~= events - 1) or (expected == 'no-stream' and events > 0)
      or (expected == 'exists' and events == 0) then
      return known(keys, args) or {'conflict', events}
    end
  end

  local tail = call('GET', keys[1])
  if not tail then
    -- Nothing was stored yet, or all was put back from elsewhere.
    local last = call('XREVRANGE', keys[3], '+', '-', 'COUNT', 1)[1]
    local n, link = string.match(call('GET', keys[2]) or '', '^(%d+) (%x+)$')
    if last then n, link = string.match(last[1], '^%d+'), sub(last[2][2], 1, 32) end
    if not n then return {'absent'} end
    tail = link .. ' ' .. n
  end
  local link, n = sub(tail, 1, 32), tonumber(sub(tail, 34))
  local clock = call('TIME')
  local now = clock[1] .. sub('00000' .. clock[2], -6, -4)

  -- The ids first: if one is stored, this is a repetition.
  local revisions = {}
  for i = 1, count do
    local revision = events + i - 1 .. ''
    revisions[i] = revision
    if call('HSETNX', keys[4 + i], args[3 * i], sub(args[3 * i + 1], 1, 4) .. revision) == 0 then
      for k = 1, i - 1 do call('HDEL', keys[4 + k], args[3 * k]) end
      return known(keys, args) or {'mixed', i, -1}
    end
  end
  local positions, behind, aggregate = {}, ' ' .. now, ' ' .. args[2]
  for i = 1, count do
    local revision, position = revisions[i], n + i .. ''
    link = sub(sha1hex(link .. args[3 * i + 1] .. revision .. behind), 1, 32)
    call('XADD', keys[3], position .. '-' .. now, 'h', link .. revision .. aggregate, 'e', args[3 * i + 2])
    positions[i] = position
  end
  call('RPUSH', keys[4], unpack(positions))
  call('SET', keys[1], link .. ' ' .. positions[count])
  return {'ok', events, n + 1, link, now}
end

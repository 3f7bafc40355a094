-- Appends events of one aggregate, or answers why not. What is written before all is checked is undone.
-- keys: head, log, index of the aggregate, then for each event the bucket of its id
-- args: expected (any | no-stream | exists | a revision), aggregate, then for each event:
--       id (16 bytes), digest (32 bytes), envelope
-- answers {'ok', revision and position of the first, link of the last, recorded at in ms}
--      or {'known', revision of the first, its position}   all were stored before
--      or {'other', which, revision}      that id is stored with another content
--      or {'mixed', which, revision}      some are stored, some are not
--      or {'conflict', events}            the aggregate has so many events
--      or {'absent'}                      the shard was never made, or it was flushed
local function append(keys, args)
  local call, sub = redis.call, string.sub
  local expected, count = args[1], #keys - 3
  local events = call('LLEN', keys[3])

  local function known()
    local first
    for i = 1, count do
      local stored = call('HGET', keys[3 + i], args[3 * i])
      local revision = stored and tonumber(sub(stored, 5))
      if stored and sub(stored, 1, 4) ~= sub(args[3 * i + 1], 1, 4) then return {'other', i, revision} end
      if i == 1 then first = revision end
      if i == 1 and not stored then
        -- None of them, or only later ones.
        for k = 2, count do
          stored = call('HGET', keys[3 + k], args[3 * k])
          if stored then return {'mixed', k, tonumber(sub(stored, 5))} end
        end
        return nil
      end
      if not stored or revision ~= first + i - 1 then return {'mixed', i, revision or -1} end
    end
    return {'known', first, tonumber(call('LINDEX', keys[3], first))}
  end

  if expected ~= 'any' then
    local exact = tonumber(expected)
    if (exact and exact ~= events - 1) or (expected == 'no-stream' and events > 0)
      or (expected == 'exists' and events == 0) then
      return known() or {'conflict', events}
    end
  end

  local n, link
  local last = call('XREVRANGE', keys[2], '+', '-', 'COUNT', 1)[1]
  if last then
    n, link = tonumber(string.match(last[1], '^%d+')), sub(last[2][2], 1, 32)
  else
    n, link = string.match(call('GET', keys[1]) or '', '^(%d+) (%x+)$')
    if not n then return {'absent'} end
  end
  local clock = call('TIME')
  local now = clock[1] .. string.format('%03d', math.floor(clock[2] / 1000))

  -- The ids first: if one is stored, this is a repetition.
  for i = 1, count do
    local value = sub(args[3 * i + 1], 1, 4) .. (events + i - 1)
    if call('HSETNX', keys[3 + i], args[3 * i], value) == 0 then
      for k = 1, i - 1 do call('HDEL', keys[3 + k], args[3 * k]) end
      return known() or {'mixed', i, -1}
    end
  end
  local positions, aggregate = {}, ' ' .. args[2]
  for i = 1, count do
    local revision = events + i - 1
    n = n + 1
    link = sub(redis.sha1hex(link .. args[3 * i + 1] .. revision .. ' ' .. now), 1, 32)
    call('XADD', keys[2], n .. '-' .. now, 'h', link .. revision .. aggregate, 'e', args[3 * i + 2])
    positions[i] = n
  end
  call('RPUSH', keys[3], unpack(positions))
  return {'ok', events, n - count + 1, link, now}
end

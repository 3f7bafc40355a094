-- Puts events back where they were: position, revision, time and link are given and must fit.
-- keys: tail, head, log, then for each event the index of its aggregate and the bucket of its id
-- args: for each event position, recorded at in ms, link, revision, aggregate, id (16 bytes), digest
--       (32 bytes), envelope
-- answers {'ok', stored, already there} or {'differs' | 'gap' | 'link' | 'revision' | 'id', position, what
-- is there}: what comes before that event is stored
local function restore(keys, args)
  local call, sub = redis.call, string.sub
  local floor, link = string.match(call('GET', keys[2]) or '', '^(%d+) (%x+)$')
  if not floor then return {'absent'} end
  floor = tonumber(floor)
  local n = floor
  local last = call('XREVRANGE', keys[3], '+', '-', 'COUNT', 1)[1]
  if last then n, link = tonumber(string.match(last[1], '^%d+')), sub(last[2][2], 1, 32) end
  local stored, there = 0, 0

  -- One event, behind all before it; answers what does not fit.
  local function put(a, index, ids)
    local position, revision = tonumber(args[a + 1]), tonumber(args[a + 4])
    if position <= n then
      -- Stored before, or trimmed since: then its place in the index has to do.
      if position > floor then
        local found = call('XRANGE', keys[3], args[a + 1], args[a + 1])[1]
        local same = found and sub(found[2][2], 1, 32) == args[a + 3]
        if not same then return {'differs', args[a + 1], found and sub(found[2][2], 1, 32) or ''} end
      elseif call('LINDEX', index, revision) ~= args[a + 1] then
        return {'differs', args[a + 1], ''}
      end
      there = there + 1
      return nil
    end
    if position ~= n + 1 then return {'gap', args[a + 1], tostring(n)} end
    local made = sub(redis.sha1hex(link .. args[a + 7] .. args[a + 4] .. ' ' .. args[a + 2]), 1, 32)
    if made ~= args[a + 3] then return {'link', args[a + 1], made} end
    local events = call('LLEN', index)
    if events ~= revision then return {'revision', args[a + 1], tostring(events)} end
    local value = sub(args[a + 7], 1, 4) .. args[a + 4]
    if call('HSETNX', ids, args[a + 6], value) == 0 then return {'id', args[a + 1], ''} end
    call('XADD', keys[3], args[a + 1] .. '-' .. args[a + 2], 'h', made .. args[a + 4] .. ' ' .. args[a + 5],
      'e', args[a + 8])
    call('RPUSH', index, args[a + 1])
    n, link, stored = position, made, stored + 1
  end

  local misfit
  for i = 1, (#keys - 3) / 2 do
    misfit = put(8 * (i - 1), keys[2 * i + 2], keys[2 * i + 3])
    if misfit then break end
  end
  if stored > 0 then call('SET', keys[1], link .. ' ' .. n) end
  return misfit or {'ok', stored, there}
end

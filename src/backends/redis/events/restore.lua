-- Puts events back where they were: position, revision, time and link are given and must fit.
-- keys: head, log, then for each event the index of its aggregate and the bucket of its id
-- args: for each event position, recorded at in ms, link, revision, aggregate, id (16 bytes), digest
--       (32 bytes), envelope
-- answers {'ok', stored, already there} or {'differs' | 'gap' | 'link' | 'revision' | 'id', position, what
-- is there}: what comes before that event is stored
local function restore(keys, args)
  local call, sub = redis.call, string.sub
  local n, link = string.match(call('GET', keys[1]) or '', '^(%d+) (%x+)$')
  if not n then return {'absent'} end
  n = tonumber(n)
  local floor = n
  local last = call('XREVRANGE', keys[2], '+', '-', 'COUNT', 1)[1]
  if last then n, link = tonumber(string.match(last[1], '^%d+')), sub(last[2][2], 1, 32) end
  local stored, there = 0, 0
  for i = 1, (#keys - 2) / 2 do
    local a = 8 * (i - 1)
    local position = tonumber(args[a + 1])
    local index, ids = keys[2 * i + 1], keys[2 * i + 2]
    local revision = tonumber(args[a + 4])
    if position <= n then
      -- Stored before, or trimmed since: then its place in the index has to do.
      if position > floor then
        local found = call('XRANGE', keys[2], args[a + 1], args[a + 1])[1]
        local same = found and sub(found[2][2], 1, 32) == args[a + 3]
        if not same then return {'differs', args[a + 1], found and sub(found[2][2], 1, 32) or ''} end
      elseif call('LINDEX', index, revision) ~= args[a + 1] then
        return {'differs', args[a + 1], ''}
      end
      there = there + 1
    else
      if position ~= n + 1 then return {'gap', args[a + 1], tostring(n)} end
      local made = sub(redis.sha1hex(link .. args[a + 7] .. args[a + 4] .. ' ' .. args[a + 2]), 1, 32)
      if made ~= args[a + 3] then return {'link', args[a + 1], made} end
      local events = call('LLEN', index)
      if events ~= revision then return {'revision', args[a + 1], tostring(events)} end
      local value = sub(args[a + 7], 1, 4) .. revision
      if call('HSETNX', ids, args[a + 6], value) == 0 then return {'id', args[a + 1], ''} end
      call('XADD', keys[2], args[a + 1] .. '-' .. args[a + 2], 'h', made .. revision .. ' ' .. args[a + 5], 'e', args[a + 8])
      call('RPUSH', index, args[a + 1])
      n, link, stored = position, made, stored + 1
    end
  end
  return {'ok', stored, there}
end

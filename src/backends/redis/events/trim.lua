-- Trims the log up to a position that is archived, unless a reader has not got there.
-- keys: head, log, readers
-- args: position, its link, 'force' or ''
-- answers {'ok', trimmed}, {'behind', reader, its position}, {'differs', link that is there or ''} or
-- {'absent'}
local function trim(keys, args)
  local call, upto = redis.call, tonumber(args[1])
  local floor = string.match(call('GET', keys[1]) or '', '^(%d+) %x+$')
  if not floor then return {'absent'} end
  if upto <= tonumber(floor) then return {'ok', 0} end
  local found = call('XRANGE', keys[2], args[1], args[1])[1]
  local link = found and string.sub(found[2][2], 1, 32) or ''
  if link ~= args[2] then return {'differs', link} end
  if args[3] ~= 'force' then
    local readers = call('HGETALL', keys[3])
    for i = 1, #readers, 2 do
      if tonumber(string.match(readers[i + 1], '^%d+') or 0) < upto then
        return {'behind', readers[i], readers[i + 1]}
      end
    end
  end
  -- First the head: without it an empty log would begin anew.
  call('SET', keys[1], args[1] .. ' ' .. args[2])
  return {'ok', call('XTRIM', keys[2], 'MINID', '=', string.format('%.0f', upto + 1))}
end

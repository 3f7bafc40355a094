-- What the functions for groups have in common. A group's checkpoint, the position up to which it has
-- done everything, is ours and stands in the readers of the shard; the server's own memory of the group
-- can be lost and is made again from it.

-- What the server says of a group, or nil.
local function group_of(log, group)
  local groups = redis.pcall('XINFO', 'GROUPS', log)
  if groups.err then return nil end
  for _, found in ipairs(groups) do
    local fields = {}
    for i = 1, #found, 2 do fields[found[i]] = found[i + 1] end
    if fields.name == group then return fields end
  end
end

-- The first position that a group has not done, as the server has it.
local function undone(log, group)
  local pending = redis.call('XPENDING', log, group)
  if pending[1] > 0 then return tonumber(string.match(pending[2], '^%d+')) end
  return tonumber(string.match(group_of(log, group)['last-delivered-id'], '^%d+')) + 1
end

-- Makes a group where it is missing and puts one back that somebody has moved beyond its checkpoint.
-- Answers the checkpoint, and 'new', 'lost' or 'moved' if there was something to do.
local function ensure(log, readers, group, start)
  local call, name = redis.call, 'group:' .. group
  local at, state = call('HGET', readers, name), ''
  if not at then
    if start == '' then return nil end
    at, state = start, 'new'
    call('HSET', readers, name, at)
  end
  local place = at .. '-18446744073709551615'
  if not group_of(log, group) then
    call('XGROUP', 'CREATE', log, group, place, 'MKSTREAM')
    if state == '' then state = 'lost' end
  elseif state == 'new' then
    call('XGROUP', 'SETID', log, group, place)
  elseif undone(log, group) > tonumber(at) + 1 then
    call('XGROUP', 'SETID', log, group, place)
    state = 'moved'
  end
  return tonumber(at), state
end

-- Notes how far a group has done everything: never less far than before.
local function note(log, readers, group)
  local name = 'group:' .. group
  local at = undone(log, group) - 1
  if at > tonumber(redis.call('HGET', readers, name) or 0) then redis.call('HSET', readers, name, at) end
end


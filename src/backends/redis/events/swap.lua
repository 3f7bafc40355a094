-- Puts a view that was built in the place of the live one, unless that has come further.
-- keys: live rows, live position, built rows, built position
-- args: 'any' if the live one is of another store, or ''
-- answers 1, or 0 if the live one is further, or -1 if nothing was built
local function swap(keys, args)
  local function at(key) return tonumber(string.match(redis.call('GET', key) or '', '^%d+')) end
  local live, built = at(keys[2]), at(keys[4])
  if not built then return -1 end
  if live and live > built and args[1] ~= 'any' then return 0 end
  redis.call('UNLINK', keys[1])
  if redis.call('EXISTS', keys[3]) == 1 then redis.call('RENAME', keys[3], keys[1]) end
  redis.call('RENAME', keys[4], keys[2])
  return 1
end

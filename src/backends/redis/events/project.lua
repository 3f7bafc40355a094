-- Takes rows of a view with the position that they stand for, if the view is still where it was.
-- keys: rows, position of the view
-- args: position that was read, the next one, then names and rows in turn
-- answers 1, or 0 if somebody else has moved it
local function project(keys, args)
  if (redis.call('GET', keys[2]) or '') ~= args[1] then return 0 end
  for i = 3, #args, 2 do redis.call('HSET', keys[1], args[i], args[i + 1]) end
  redis.call('SET', keys[2], args[2])
  return 1
end

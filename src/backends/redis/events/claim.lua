-- Gives pending events to another consumer. Those that were trimmed cannot be done by anybody: they are
-- taken off the list and told.
-- keys: log, readers
-- args: group, from whom ('': anybody), to whom, least idle time in ms, how many, first entry id
-- answers {last entry id that was looked at or '', {given}, {trimmed}}
local function claim(keys, args)
  local call, log, group = redis.call, keys[1], args[1]
  local ask = {'XPENDING', log, group, 'IDLE', args[4], args[6], '+', args[5]}
  if args[2] ~= '' then ask[#ask + 1] = args[2] end
  local last, given, trimmed = '', {}, {}
  for _, one in ipairs(call(unpack(ask))) do
    last = one[1]
    if #call('XRANGE', log, last, last) == 0 then
      call('XACK', log, group, last)
      trimmed[#trimmed + 1] = last
    else
      call('XCLAIM', log, group, args[3], 0, last, 'JUSTID')
      given[#given + 1] = last
    end
  end
  note(log, keys[2], group)
  return {last, given, trimmed}
end

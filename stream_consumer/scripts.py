"""Lua for what must happen at one moment in Redis: between two commands another consumer may act.

Keys of one script share a slot: a sharded stream's name carries the hash tag, and its companions begin with it.
"""

from typing import Final

CLAIM: Final = """
-- KEYS: stream. ARGV: group, consumer, least idle ms, count.
-- Takes over entries that nobody looked after; answers {id, deliveries, payload} of each. (XAUTOCLAIM does not tell
-- how often an entry was delivered, by which one that was put off differs from one whose reader died.)
local taken = {}
for _, row in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[3], '-', '+', ARGV[4])) do
    local got = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], row[1])
    if #got > 0 and got[1] then
        local payload = ''
        local fields = got[1][2]
        for i = 1, #fields, 2 do if fields[i] == 'd' then payload = fields[i + 1] end end
        taken[#taken + 1] = {row[1], row[4] + 1, payload}
    end
end
return taken
"""

RENEW: Final = """
-- KEYS: stream. ARGV: group, consumer, id… Answers the ids that are still this consumer's, their idle time reset.
local mine = {}
for i = 3, #ARGV do
    if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2]) > 0 then
        redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'JUSTID')
        mine[#mine + 1] = ARGV[i]
    end
end
return mine
"""

GIVE_BACK: Final = """
-- KEYS: stream. ARGV: group, consumer, id, idle ms, deliveries or ''. Only while the entry is still ours.
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2]) == 0 then return 0 end
if ARGV[5] == '' then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'IDLE', ARGV[4], 'JUSTID')
else
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'IDLE', ARGV[4], 'RETRYCOUNT', ARGV[5], 'JUSTID')
end
return 1
"""

BURY: Final = """
-- KEYS: stream, dead letters, attempts. ARGV: group, id, then fields and values of the letter.
-- Acknowledges first, so that of two consumers that hold the entry only one writes the letter.
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return false end
redis.call('HDEL', KEYS[3], ARGV[2])
return redis.call('XADD', KEYS[2], '*', unpack(ARGV, 3))
"""

REDRIVE: Final = """
-- KEYS: stream, dead letters. ARGV: letter id. Puts the payload back as a new entry; answers its id.
local found = redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1])
if #found == 0 then return false end
local fields = found[1][2]
for i = 1, #fields, 2 do
    if fields[i] == 'd' then
        redis.call('XDEL', KEYS[2], ARGV[1])
        return redis.call('XADD', KEYS[1], '*', 'd', fields[i + 1])
    end
end
return false
"""

TRIM: Final = """
-- KEYS: stream. Removes what every group has both been given and acknowledged; answers how many entries.
local function before(a, b)
    local am, as = string.match(a, '^(%d+)-(%d+)$')
    local bm, bs = string.match(b, '^(%d+)-(%d+)$')
    if #am ~= #bm then return #am < #bm end
    if am ~= bm then return am < bm end
    if #as ~= #bs then return #as < #bs end
    return as < bs
end
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local keep = nil
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local info = {}
    for i = 1, #group, 2 do info[group[i]] = group[i + 1] end
    local first = redis.call('XPENDING', KEYS[1], info['name'])[2]
    if not first then
        local head, tail = string.match(info['last-delivered-id'], '^(%d+)-(%d+)$')
        first = head .. '-' .. string.format('%.0f', tonumber(tail) + 1)
    end
    if not keep or before(first, keep) then keep = first end
end
if not keep then return 0 end
return redis.call('XTRIM', KEYS[1], 'MINID', keep)
"""

LEAVE: Final = """
-- KEYS: stream. ARGV: group, own consumer or '', idle ms. Deletes consumers that hold nothing: the named one, or every
-- one that has been silent for long. A consumer with pending entries is never deleted: that would lose them.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local gone = 0
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    local info = {}
    for i = 1, #consumer, 2 do info[consumer[i]] = consumer[i + 1] end
    local chosen = info['name'] == ARGV[2] or (ARGV[2] == '' and info['idle'] > tonumber(ARGV[3]))
    if chosen and info['pending'] == 0 then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], info['name'])
        gone = gone + 1
    end
end
return gone
"""

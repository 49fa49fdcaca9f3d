-- Writes a line into the server's log for each achievement that a player gains, for campaign-bridge.
--
-- Load it before `start`, and again after a saved game was loaded:  lua file ach.lua
--
-- The line is `ACHIEVEMENT ` and one JSON object in plain ASCII, the leader's name last. A leader may
-- be called anything, so nothing of a name is written as it is.

local function escaped(char)
  local first = char:byte()
  if first < 0x80 then
    return string.format("\\u%04x", first)
  end
  local code = first & (first < 0xE0 and 0x1F or first < 0xF0 and 0x0F or 0x07)
  for place = 2, #char do
    code = code << 6 | (char:byte(place) & 0x3F)
  end
  if code < 0x10000 then
    return string.format("\\u%04x", code)
  end
  code = code - 0x10000
  return string.format("\\u%04x\\u%04x", 0xD800 | code >> 10, 0xDC00 | (code & 0x3FF))
end

local function quoted(text)
  text = text:gsub('[%c"\\\127]', escaped)
  text = text:gsub("[\xC2-\xF4][\x80-\xBF]+", escaped)
  return '"' .. text:gsub("[\x80-\xFF]", "?") .. '"'
end

function campaign_bridge_achievement(achievement, player, first)
  log.normal("%s", string.format(
    'ACHIEVEMENT {"achievement":%s,"first":%s,"turn":%d,"human":%s,"nation":%s,"player":%s}',
    quoted(achievement:rule_name()), tostring(first), game.turn(), tostring(player:is_human()),
    quoted(player.nation:rule_name()), quoted(player.name)))
end

signal.connect("achievement_gained", "campaign_bridge_achievement")

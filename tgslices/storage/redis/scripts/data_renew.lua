-- Move the end of what one holder has.
local visits, data_key = KEYS[1], KEYS[2]
local member, holder, ends, kept = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
for a = 5, #ARGV do
  local there = hold_of(data_key, ARGV[a])
  if there and there.holder == holder then
    there.ends = ends
    set_hold(data_key, ARGV[a], there)
    visit_data(visits, member, ends + kept)
  end
end
return 1

-- Drop the fragments of a session that do not outlive its close.
close_data(KEYS[3], KEYS[1], KEYS[2], ARGV[1])
return 1

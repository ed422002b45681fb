"""What changes the state and tells everybody concerned. Bots and people both act through here."""

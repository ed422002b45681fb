"""The command ``tgslices``: looks into a storage, with the bot up or down, and changes it where told to."""

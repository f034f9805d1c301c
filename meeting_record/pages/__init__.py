"""The pages: one of a meeting, one of a day. They render what the record and the lists say."""

"""`rollcall requeue`: messages that were put aside, listed, sent again, or dropped."""

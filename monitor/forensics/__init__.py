"""From a line of the report back to why it says so, and to the packets that it rests on."""

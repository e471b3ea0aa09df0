"""Where vectors live: three backends behind one protocol, and one suite of tests that holds all of them to it."""

"""Makes the sample captures of `pcaps/`: ``python -m pcaps.make`` writes every ``input.pcap``.

Plain `struct` code; no capture of anybody is read. The same source gives the same bytes.
"""

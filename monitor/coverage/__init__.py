"""What the sensor could see: columns of packets in, a verdict for each VLAN out."""

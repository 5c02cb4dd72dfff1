"""Who and where: names of addresses, makers of interfaces, country, network and operator."""

"""What lies in a BIDS folder: tables, participants, sessions and images."""

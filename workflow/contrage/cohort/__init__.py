"""Tables in: participants, BIDS folders, public data sets, and the digital phantom."""

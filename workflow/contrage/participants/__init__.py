"""What tables say of participants: ages and their units, sex, ids, sessions, as BIDS has them."""

"""How tables tell an age: in which unit, how often, and where a number is no age."""

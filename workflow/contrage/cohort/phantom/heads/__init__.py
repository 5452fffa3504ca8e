"""Generated heads: T1 and stiffness of people whose ages are planted in both."""

"""Views of an image: random changes of intensity and place."""

"""`python -m contrage STEP …`."""

from contrage.cli import main

if __name__ == "__main__":
    main()

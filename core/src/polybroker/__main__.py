"""`python -m polybroker` is the command line too."""

from polybroker.cli import main

if __name__ == "__main__":
    main()

"""``python -m stance``: the command line, for where its script is not on the path."""

from stance.cli import main

if __name__ == "__main__":
    main()

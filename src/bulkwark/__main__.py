"""`python -m bulkwark` is the `bulkwark` command."""

from bulkwark.cli import main

if __name__ == "__main__":
    main()

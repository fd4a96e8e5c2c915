"""`python -m api` is `groundcrew`."""

from .cli import main

if __name__ == "__main__":
    main()

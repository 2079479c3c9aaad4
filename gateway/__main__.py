"""`python -m gateway` and the `popgate` command."""

from gateway.cli.program import main

if __name__ == "__main__":
    main()

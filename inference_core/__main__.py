"""`python -m inference_core`: the `satchel` command."""

from inference_core.cli import main

if __name__ == "__main__":
    main()

"""`python -m robustlab` is the command `robustlab`."""

from robustlab.cli import app

if __name__ == "__main__":
    app(prog_name="robustlab")

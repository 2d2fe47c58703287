"""Studies of pre-training on small encoders: what losses, views and engines do to where sentences lie."""

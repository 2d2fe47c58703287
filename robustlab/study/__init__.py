"""Studies: grids of training runs whose rows are kept with their provenance."""

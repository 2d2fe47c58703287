"""What the help of the commands about studies shows to begin with: examples to copy."""

RUN_EXAMPLES = """[bold]Examples[/]

What would it be, and how long?

  robustlab study run step-size --profile laptop --dry-run

Two cells at a time; what is in the store already is not made again, so that the command can be killed and repeated:

  robustlab study run step-size --profile laptop --workers 2

Other values than the profile's, fewer seeds:

  robustlab study run step-size --set steps=2,5 --set method=pgd --seeds 0,1

On a cluster, by Slurm, after setting partition and account in the profile:

  robustlab study run main-sst2 --profile gpu --cluster notebooks/profiles/slurm --workers 32
"""
COLLECT_EXAMPLES = """[bold]Examples[/]

  robustlab study collect step-size --profile laptop --out step-size.parquet

Every line says in `state` whether its cell is done, missing or failed.
"""
MERGE_EXAMPLES = """[bold]Examples[/]

Rows of another machine, copied here:

  robustlab study merge /mnt/workstation/store
"""

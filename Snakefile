"""contrage: raw scans in, benchmark report out. The workflow lies in workflow/Snakefile."""


include: "workflow/Snakefile"


# An include brings no default target along, and with none `snakemake` has nothing to do.
use rule all as everything with:
    default_target: True

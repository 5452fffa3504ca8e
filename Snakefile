"""contrage: raw scans in, benchmark report out. The workflow lies in workflow/Snakefile."""


include: "workflow/Snakefile"


# An include brings no default target along, and without one `snakemake` has nothing to do.
rule everything:
    default_target: True
    input:
        rules.all.input,

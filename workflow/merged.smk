"""A cohort that is merged of others: their tables and arrays as one. Loaded once per cohort of a run."""


include: "rules/common.smk"
include: "rules/merged.smk"

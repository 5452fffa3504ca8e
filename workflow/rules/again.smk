"""A file that was cut is made again, and with it all that was made of it.

Snakemake does not look into files. So the settings of the job that makes it end in as many spaces
as it was found cut: another parameter, and the same settings.
"""

TIMES_CUT = at_work.times_cut(Path.cwd())


def with_spaces(settings, spaces):
    """Settings of a rule, with spaces for the jobs whose wildcards are listed."""

    def settings_of_job(wildcards):
        text = settings(wildcards) if callable(settings) else settings
        return text + " " * sum(
            times for job, times in spaces if job == dict(wildcards)
        )

    return settings_of_job


for each in workflow.rules if TIMES_CUT else ():
    spaces = [
        (each.get_wildcards(file), times)
        for file, times in TIMES_CUT.items()
        if any(made.match(file) for made in each.output)
    ]
    if spaces and "settings" in each.params.keys():
        index, _ = each.params._names["settings"]
        each.params[index] = with_spaces(each.params.settings, spaces)
        each.params._set_name("settings", index)

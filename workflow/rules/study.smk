"""A study: finished tables of its experiments side by side, their figures, and a page."""

from dataclasses import replace

from contrage.plan.study_steps import StudySteps


include: "words.smk"


try:
    STEPS = StudySteps.of(STUDY, PLAN.experiments)
    FINISHED = STEPS.finished("tables", "curves")
    DRAWN = STEPS.finished("figures")
except ContrageError as error:
    raise WorkflowError(str(error)) from None

STUDY_RESULTS = [
    STEPS.results.page,
    *replace(PLAN, reported=len(STEPS.experiments)).results,
]

if config["container"]:

    container: config["container"]


def look(room):
    """Templates and styles of a room of the package."""
    files = sources.data_files(room, "*.html", "*.css")
    return [os.path.relpath(path) for path in files]


def by_name(files):
    """Files as the command line takes them, NAME=PATH."""
    return [f"{name}={path}" for name, path in files.items()]


rule study_tables:
    input:
        finished=list(FINISHED.values()),
        predictions=list(STEPS.counted().values()),
        code=code("contrage.study.tables"),
    output:
        tables=report(
            [STEPS.results.table(name) for name in STEPS.names], category="Study"
        ),
    log:
        STEPS.results.log("study_tables"),
    benchmark:
        STEPS.results.benchmark("study_tables")
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        code=digest("contrage.study.tables"),
        settings=as_json(STEPS.tables()),
        finished=by_name(FINISHED),
        predictions=by_name(STEPS.counted()),
    message:
        "Writing the tables of the study"
    shell:
        "printf %s {params.settings:q} |"
        " python -m contrage study-tables --settings /dev/stdin --log {log:q}"
        " --finished {params.finished:q} --predictions {params.predictions:q}"
        " --outputs {output.tables:q}"


rule study_figures:
    input:
        finished=list(DRAWN.values()),
        curves=STEPS.curves,
        code=code("contrage.study.figures"),
    output:
        folder=directory(STEPS.results.figures),
    log:
        STEPS.results.log("study_figures"),
    benchmark:
        STEPS.results.benchmark("study_figures")
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(30),
    params:
        code=digest("contrage.study.figures"),
        settings=as_json(STEPS.figures()),
        finished=by_name(DRAWN),
    message:
        "Drawing the figures of the study"
    shell:
        "printf %s {params.settings:q} |"
        " python -m contrage study-figures --settings /dev/stdin --log {log:q}"
        " --finished {params.finished:q} --curves {input.curves:q} --output {output.folder:q}"


rule study_page:
    input:
        tables=[STEPS.results.table(name) for name in STEPS.names],
        figures=rules.study_figures.output.folder,
        code=code("contrage.study.page"),
        look=[*look("report"), *look("study")],
    output:
        page=report(STEPS.results.page, category="Study"),
    log:
        STEPS.results.log("study_page"),
    benchmark:
        STEPS.results.benchmark("study_page")
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        code=digest("contrage.study.page"),
        settings=as_json(STEPS.page()),
    message:
        "Writing the page of the study"
    shell:
        "printf %s {params.settings:q} |"
        " python -m contrage study-page --settings /dev/stdin --log {log:q}"
        " --tables {input.tables:q} --figures {input.figures:q} --output {output.page:q}"

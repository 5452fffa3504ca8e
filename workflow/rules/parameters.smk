"""The parameters of rules' functions, told once.

Snakemake asks for them several times per job, and Python finds them anew in the function each
time: a tenth of the time of planning.
"""

from inspect import signature
from types import FunctionType

from snakemake.common import overwrite_function_params
from snakemake.resources import Resource


def functions_of_jobs(rule):
    """The functions that Snakemake calls for each job of a rule: inputs, parameters, resources."""
    # Snakemake wraps inputs as files, and what is unpacked once more.
    files = [getattr(item, "_file", item) for item in rule.input]
    found = [getattr(item, "callable", item) for item in (*files, *rule.params)]
    found += [each._evaluator for each in rule.resources.values()]
    return [each for each in found if isinstance(each, FunctionType)]


for each in workflow.rules:
    for function in functions_of_jobs(each):
        overwrite_function_params(function, signature(function).parameters)

# What Snakemake itself asks about, for every resource of every job.
overwrite_function_params(
    Resource.evaluate, signature(Resource("any", 1).evaluate).parameters
)

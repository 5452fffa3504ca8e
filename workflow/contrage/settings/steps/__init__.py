"""What each step is asked for, as frozen dataclasses: plans make them, steps take them.

A file per stage. A step's first parameter is annotated with its dataclass; `contrage.cli` builds it
of the JSON that the rule states. There are no defaults here: those of the configuration stand in
its schema, and a rule states everything that its step reads and nothing that would repeat it in
vain.
"""

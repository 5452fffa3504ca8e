"""How programs are run through nipype, so that one that fails is noticed."""

from __future__ import annotations

from nipype.interfaces.base import CommandLine


class Strict:
    """Put before a CommandLine in a class's bases: fail where the program says that it failed.

    nipype itself takes no notice of a program's exit status.
    """

    def _run_interface(self, runtime, correct_return_codes=(0,)):
        runtime = super()._run_interface(runtime, correct_return_codes)
        if runtime.returncode not in correct_return_codes:
            self.raise_exception(runtime)
        return runtime


class Program(Strict, CommandLine):
    """A program that nipype has no interface of its own for, with its arguments as they are."""

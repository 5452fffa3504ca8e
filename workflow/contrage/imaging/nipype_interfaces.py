"""nipype interfaces of programs that nipype 1.11 has none for: SynthStrip and HD-BET 2."""

from __future__ import annotations

from nipype.interfaces.base import CommandLine, CommandLineInputSpec, File, traits


class Strict:
    """Put before a CommandLine in a class's bases: fail where the program says that it failed.

    nipype itself takes no notice of a program's exit status.
    """

    def _run_interface(self, runtime, correct_return_codes=(0,)):
        runtime = super()._run_interface(runtime, correct_return_codes)
        if runtime.returncode not in correct_return_codes:
            self.raise_exception(runtime)
        return runtime


class SynthStripInputSpec(CommandLineInputSpec):
    """Options of mri_synthstrip, FreeSurfer 7.3 and newer (its source, mri_synthstrip/)."""

    in_file = File(exists=True, mandatory=True, argstr="-i %s", position=0, desc="image to strip")
    out_file = File(argstr="-o %s", position=1, desc="stripped image to write")
    out_mask = File(mandatory=True, argstr="-m %s", position=2, desc="brain mask to write")
    border = traits.Int(argstr="-b %d", desc="distance of the mask's border from the brain, mm")
    no_csf = traits.Bool(argstr="--no-csf", desc="leave the fluid around the brain out")
    use_gpu = traits.Bool(argstr="-g", desc="run on the GPU")


class SynthStrip(Strict, CommandLine):
    """Skull stripping by a network trained on synthetic images (Hoopes et al. 2022).

    Reference: A. Hoopes, J. S. Mora, A. V. Dalca, B. Fischl, M. Hoffmann. SynthStrip:
    skull-stripping for any brain image. NeuroImage 260 (2022) 119474.
    """

    _cmd = "mri_synthstrip"
    input_spec = SynthStripInputSpec


class HDBETInputSpec(CommandLineInputSpec):
    """Options of hd-bet, version 2.0 (its source, HD_BET/entry_point.py)."""

    in_file = File(exists=True, mandatory=True, argstr="-i %s", position=0, desc=".nii.gz, 3-D")
    out_file = File(mandatory=True, argstr="-o %s", position=1, desc=".nii.gz to write")
    device = traits.Enum("cpu", "cuda", "mps", argstr="-device %s", usedefault=True, desc="where")
    disable_tta = traits.Bool(argstr="--disable_tta", desc="no mirrored images: quicker")
    save_mask = traits.Bool(argstr="--save_bet_mask", desc="write the mask as *_bet.nii.gz")
    no_image = traits.Bool(argstr="--no_bet_image", desc="write no stripped image")


class HDBET(Strict, CommandLine):
    """Skull stripping by an nnU-Net (Isensee et al. 2019), version 2 of the program.

    Version 1 had other options (-mode, -tta, -s) and is refused by them.

    Reference: F. Isensee et al. Automated brain extraction of multisequence MRI using
    artificial neural networks. Human Brain Mapping 40 (2019) 4952-4964.
    """

    _cmd = "hd-bet"
    input_spec = HDBETInputSpec

"""The block preprocessing of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TemplateSettings:
    """What images are stripped by, registered to and compared with.

    Results are always on 91 x 109 x 91 voxels of 2 mm in MNI152.

    Attributes
    ----------
    source : str
        nilearn (ICBM 152 2009a symmetric, in its package), templateflow (a template in its
        cache), or files of your own.
    name : str
        TemplateFlow's name of the template; `contrage fetch-template` brings it into the
        cache.
    resolution : int
        TemplateFlow's resolution index; 1 is 1 mm in most templates.
    anatomical : str or None
        File of a T1-weighted template in MNI152 space, brain or head, any orientation and
        voxel size (files).
    mask : str or None
        File of its brain mask; null where the template is 0 outside the brain (files).
    sha256 : str or None
        SHA-256 that the T1's file must have (templateflow, files); null records what it
        has.
    mask_sha256 : str or None
        SHA-256 that the mask's file must have.
    """

    source: str
    name: str
    resolution: int
    anatomical: str | None
    mask: str | None
    sha256: str | None
    mask_sha256: str | None


@dataclass(frozen=True)
class LimitsSettings:
    """What values of a map are possible.

    A voxel that is not 0 and lies beyond is no measurement: a spike of the inversion, or a fill
    value. It is looked for in the raw maps, before any interpolation; the check's record says
    how many there are, the JSON beside a map what was done.

    Attributes
    ----------
    stiffness : tuple of Any or None
        Least and largest stiffness, kPa; null for no limits.
    dampingratio : tuple of Any or None
        Least and largest damping ratio, without unit; null for no limits.
    beyond : str
        refuse makes a bad scan of a map with more than 1 in 10,000 such voxels among those
        that are not 0, and sets fewer to 0; background sets all to 0, which is background,
        clip to the nearest limit.
    """

    stiffness: tuple[float, ...] | None
    dampingratio: tuple[float, ...] | None
    beyond: str


@dataclass(frozen=True)
class BetSettings:
    """Settings of bet.

    Attributes
    ----------
    frac : float
        Fractional intensity threshold (-f); smaller gives a larger brain.
    robust : bool
        Look for the brain's centre several times (-R), for heads with a neck.
    """

    frac: float
    robust: bool


@dataclass(frozen=True)
class FreesurferSettings:
    """Settings of freesurfer.

    Attributes
    ----------
    normalised : bool
        The images are normalised so that white matter is 110 (-T1); raw scans are not.
    """

    normalised: bool


@dataclass(frozen=True)
class SynthstripSettings:
    """Settings of synthstrip.

    Attributes
    ----------
    border : int
        Distance of the mask's border from the brain, mm (-b).
    no_csf : bool
        Leave the fluid around the brain out (--no-csf).
    """

    border: int
    no_csf: bool


@dataclass(frozen=True)
class HdbetSettings:
    """Settings of hdbet.

    Attributes
    ----------
    tta : bool
        Average over mirrored images as well, eight times as slow; HD-BET's authors leave it
        out on a CPU (--disable_tta).
    """

    tta: bool


@dataclass(frozen=True)
class DeepbetSettings:
    """Settings of deepbet.

    Attributes
    ----------
    threshold : float
        Probability above which a voxel is brain; smaller gives a larger brain.
    n_dilate : int
        Voxels that the mask is grown by; shrunk by where it is negative.
    """

    threshold: float
    n_dilate: int


@dataclass(frozen=True)
class SkullStripSettings:
    """Skull stripping of the anatomical image; its mask is carried to the map.

    Attributes
    ----------
    method : str
        template (pip packages only), bet (FSL), freesurfer (its watershed), freesurfer-
        recon-all (the first third of recon-all), synthstrip, hdbet, deepbet (a pip
        package), mask (given beside the image as desc-brain_mask), none (already stripped;
        checked).
    bet : BetSettings
        Settings of bet.
    freesurfer : FreesurferSettings
        Settings of freesurfer.
    synthstrip : SynthstripSettings
        Settings of synthstrip.
    hdbet : HdbetSettings
        Settings of hdbet.
    deepbet : DeepbetSettings
        Settings of deepbet.
    """

    method: str
    bet: BetSettings
    freesurfer: FreesurferSettings
    synthstrip: SynthstripSettings
    hdbet: HdbetSettings
    deepbet: DeepbetSettings


@dataclass(frozen=True)
class BiasCorrectionSettings:
    """N4 bias field correction (ANTs).

    Attributes
    ----------
    target : str
        The image that is corrected.
    shrink_factor : int
        N4 works on an image this many times coarser.
    iterations : tuple of int
        Iterations per level of resolution.
    """

    target: str
    shrink_factor: int
    iterations: tuple[int, ...]


@dataclass(frozen=True)
class RegistrationSettings:
    """Registration of the anatomical image to MNI152 (ANTs); maps follow in one interpolation.

    Attributes
    ----------
    transform : str
        affine has 12 degrees of freedom, affine9 has 9 (three scalings along the scan's
        axes, no shear); none is for images that are in MNI space already.
    voxel_mm : int
        Voxel size of the MNI152 grid; 1 is FSL's grid of 182 x 218 x 182 voxels.
    interpolation : str
        How values come between voxels, once from native to MNI152; bspline is cubic,
        lanczos a windowed sinc (both ANTs').
    map_pose : str
        How a map comes to the anatomical image of its session; by the scanner's
        coordinates, which both have, or by a rigid registration of the MRE magnitude
        (mre/…_magnitude.nii.gz).
    quality : str
        precise or testing (coarser and quicker); the settings lie in
        workflow/contrage/imaging/registration.
    seed : int
        Seed of ANTs' random sampling.
    """

    transform: str
    voxel_mm: int
    interpolation: str
    map_pose: str
    quality: str
    seed: int


@dataclass(frozen=True)
class MisplacedSettings:
    """Limits that no placed scan misses: beyond, an image does not lie where it ought to.

    None counts before the limit of its name above does; null switches one off.

    Attributes
    ----------
    min_correlation : float or None
        Least size of the correlation of a T1 with the template, whatever its sign.
    min_overlap : float or None
        Least Dice overlap of the brain mask with the template's.
    min_map_agreement : float or None
        Least Dice overlap of the map with the brain of its session, in the slices that the
        map has.
    max_map_shift_mm : float or None
        Farthest that the map may lie from where its outline agrees best.
    max_map_degrees : float or None
        Largest turn of the map to where its outline agrees best.
    """

    min_correlation: float | None
    min_overlap: float | None
    min_map_agreement: float | None
    max_map_shift_mm: float | None
    max_map_degrees: float | None


@dataclass(frozen=True)
class QualitySettings:
    """Limits beyond which a scan is flagged, and others beyond which it is left out.

    Attributes
    ----------
    min_coverage : float
        Least fraction of the template's brain that the map covers.
    min_overlap : float
        Least Dice overlap of the brain mask with the template's.
    min_correlation : float
        Least correlation of the anatomical image with the template inside the brain.
    min_signal : float or None
        Least share of the brain in which the anatomical image has signal; less where a part
        of the head is missing.
    max_air : float or None
        Largest intensity of the air around the head, as a fraction of the brain's; more
        where ghosts lie in it.
    max_pose_degrees : float or None
        Largest rotation from the scanner's axes to the template's; more where the header is
        wrong.
    min_scale : float or None
        Least scaling to the template, of lengths; less where the brain or its voxels are
        too large.
    max_scale : float or None
        Largest scaling to the template, of lengths.
    max_stretch : float or None
        Largest ratio of the scalings along the axes.
    min_map_agreement : float or None
        Least Dice overlap of the map with the brain of the anatomical image, in the slices
        that the map has.
    max_map_shift_mm : float or None
        Farthest that the map may lie from where its outline agrees best with the anatomical
        image.
    max_map_degrees : float or None
        Largest turn of the map to where its outline agrees best.
    min_map_smoothness : float or None
        Least correlation of neighbouring values of the map; less where it is noise.
    misplaced : MisplacedSettings
        Limits that no placed scan misses: an image does not lie where it ought to, and its
        values are those of another place.
    action : str
        Which scans are left out of the experiment: misplaced ones alone, with flagged ones
        listed in the report; none, all are listed (list); or all that are flagged
        (exclude).
    """

    min_coverage: float
    min_overlap: float
    min_correlation: float
    min_signal: float | None
    max_air: float | None
    max_pose_degrees: float | None
    min_scale: float | None
    max_scale: float | None
    max_stretch: float | None
    min_map_agreement: float | None
    max_map_shift_mm: float | None
    max_map_degrees: float | None
    min_map_smoothness: float | None
    misplaced: MisplacedSettings
    action: str


@dataclass(frozen=True)
class PreprocessingSettings:
    """From raw scan to MNI152, at 2 mm on 91 x 109 x 91 voxels.

    Attributes
    ----------
    template : TemplateSettings
        What images are stripped by, registered to and compared with.
    limits : LimitsSettings
        What values of a map are possible.
    skull_strip : SkullStripSettings
        Skull stripping of the anatomical image; its mask is carried to the map.
    bias_correction : BiasCorrectionSettings
        N4 bias field correction (ANTs).
    registration : RegistrationSettings
        Registration of the anatomical image to MNI152 (ANTs), applied to the map in one
        interpolation.
    quality : QualitySettings
        Limits beyond which a scan is flagged, and others beyond which it is left out.
    """

    template: TemplateSettings
    limits: LimitsSettings
    skull_strip: SkullStripSettings
    bias_correction: BiasCorrectionSettings
    registration: RegistrationSettings
    quality: QualitySettings

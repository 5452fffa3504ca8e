"""What people do on the page of `contrage serve`, in a real browser."""

from __future__ import annotations

import gzip
import http.server
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from given import given
from made_models import write_rows
from PIL import Image
from tiny_maps import AFFINE, brain

from contrage.bundle.predict import predict_subjects, subjects
from contrage.cohort.phantom.heads.participant import make_participant
from contrage.settings.blocks.phantom import PhantomScanSettings, PhantomSettings


def a_map(age: float = 40, seed: int = 1, factor: float = 1.0) -> bytes:
    image = nib.Nifti1Image(brain(age, seed) * np.float32(factor), AFFINE)
    return gzip.compress(image.to_bytes())


def predicted(served, tmp_path: Path, name: str, content: bytes) -> str:
    (tmp_path / name).write_bytes(content)
    bundle = served.desk.bundle
    (found,) = predict_subjects(bundle, subjects(bundle, [tmp_path / name]))
    return f"{found.predicted:.1f}"


def notices(at) -> int:
    """Count where it is said, in what can be seen: the card of the model is folded."""
    return at.page.get_by_text("Research use only").filter(visible=True).count()


def test_a_good_scan_is_dropped_and_its_prediction_shown(browse, maps, tmp_path):
    at = browse(maps)
    content = a_map()
    at.drop(**{"sub-01_stiffness__nii__gz": content})
    at.page.get_by_label("Age (years), if known").fill("44")
    at.page.get_by_role("button", name="Predict").click()
    at.finished("sub-01")
    card = at.card("sub-01")
    number = predicted(maps, tmp_path, "sub-01_stiffness.nii.gz", content)
    assert card.locator(".number").inner_text().split() == [number, "years"]
    assert "90 % interval:" in card.inner_text()
    assert notices(at) == 1
    plot = card.get_by_role("img", name="Histogram of the 40 people")
    said = plot.get_attribute("aria-label")
    assert f"the prediction is {number} years with the interval" in said
    assert "the true age is 44" in said
    assert plot.locator("rect").count() == 3  # two bins, and the interval
    for words in ("Gap, raw", "Gap, corrected", "(predicted minus true)", "What to look at"):
        assert card.get_by_text(words).count() == 1
    with at.page.expect_download() as download:
        card.get_by_role("link", name="Download JSON").click()
    told = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert told["predictions"][0]["known"] == 44
    assert f"{told['predictions'][0]['predicted']:.1f}" == number


@pytest.mark.parametrize("view", ["As the model sees it", "As it came"])
def test_the_image_is_shown_with_the_outline_of_the_skull_strip(browse, maps, view: str):
    at = browse(maps)
    at.drop(**{"sub-01_stiffness__nii__gz": a_map()})
    at.page.get_by_role("button", name="Predict").click()
    at.finished("sub-01")
    card = at.card("sub-01")
    card.locator(".images[data-shown]").wait_for()
    card.get_by_role("button", name=view).click()
    name = {"As the model sees it": "preprocessed", "As it came": "raw"}[view]
    card.locator(f'.images[data-shown="{name}"] .slices input').first.wait_for()
    canvas = card.get_by_role("img", name=f"{view}: sub-01 in three planes")
    with_outline = pixels(canvas)
    assert (with_outline.max(-1) > 60).mean() > 0.05 and edges(with_outline) > 0.002
    card.get_by_label("outline of the skull strip").uncheck()
    without = pixels(canvas)
    assert edges(without) < edges(with_outline) / 4
    slider = card.get_by_role("slider", name="Slice, left – right")
    slider.focus()
    for _ in range(30):
        at.page.keyboard.press("ArrowRight")
    assert float(slider.input_value()) > 0.6 and (pixels(canvas) != without).any()


def edges(image: np.ndarray) -> float:
    """Return the share of pixels in the outline's red."""
    return float((np.abs(image - (255, 64, 64)) < 24).all(-1).mean())


def pixels(canvas) -> np.ndarray:
    canvas.page.wait_for_timeout(300)
    return np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("RGB")).astype(int)


def colours(image: np.ndarray) -> tuple[float, float]:
    """Return the shares of pixels that are clearly red, and clearly blue."""
    red, blue = image[..., 0], image[..., 2]
    return float((red - blue > 60).mean()), float((blue - red > 60).mean())


def test_where_it_looks_is_drawn_on_the_brain_and_told_by_region(browse, looking):
    at = browse(looking)
    at.drop(**{"sub-01_stiffness__nii__gz": a_map()})
    at.page.get_by_role("button", name="Predict").click()
    at.finished("sub-01")
    card = at.card("sub-01")
    assert card.get_by_role("heading", name="Where it looks").count() == 1
    assert "whom the model learned from. It says what the model uses" in card.inner_text()
    for method in ("integrated gradients", "occlusion"):
        bars = card.get_by_role("img", name=f"What regions add by {method}, in years")
        assert bars.locator("rect").count() == 3 + ("elsewhere" in bars.inner_html())
        assert "white matter" in bars.get_attribute("aria-label")
    card.locator(".images[data-shown]").wait_for()
    canvas = card.locator("canvas")
    assert max(colours(pixels(canvas))) > 0.005  # the map of stiffness has colours of its own
    card.get_by_role("button", name="Where it looks: integrated gradients").click()
    card.locator('.images[data-shown="looks-integrated_gradients"] .legend').wait_for()
    named = card.get_by_role("img", name="Where it looks: integrated gradients: sub-01")
    said = named.get_attribute("aria-label")
    assert "red where it raises the prediction, blue where it lowers it" in said
    red, blue = colours(pixels(named))
    assert red > 0.002 and blue > 0.002
    legend = card.locator(".legend").inner_text()
    assert "lowers it" in legend and "raises it" in legend and "years" in legend
    assert card.get_by_label("outline of the skull strip").count() == 0


def test_features_that_a_prediction_comes_from_are_bars(browse, looking_at_features, tmp_path):
    at = browse(looking_at_features)
    rows = write_rows(tmp_path / "t.tsv", {"volume": 1310})
    at.drop(people__tsv=rows.read_bytes())
    at.page.get_by_role("button", name="Predict").click()
    at.finished("sub-p1")
    bars = at.card("sub-p1").get_by_role("img", name="What regions add by integrated gradients")
    assert bars.locator("rect").count() == 3
    assert (
        "mean of the scans that each of its networks learned from"
        in at.card("sub-p1").locator(".looks").inner_text()
    )


def test_a_model_whose_methods_failed_says_so_and_draws_nothing(browse, maps):
    at = browse(maps)
    at.drop(**{"sub-01_stiffness__nii__gz": a_map()})
    at.page.get_by_role("button", name="Predict").click()
    at.finished("sub-01")
    card = at.card("sub-01")
    assert "Not shown: integrated gradients: with random weights its map" in card.inner_text()
    assert card.get_by_role("button", name="Where it looks").count() == 0


def test_a_bad_scan_gets_its_sentence_and_no_number(browse, maps):
    at = browse(maps)
    at.drop(**{"sub-07_stiffness__nii__gz": a_map(factor=1e6)})
    at.page.get_by_role("button", name="Predict").click()
    at.finished("sub-07")
    card = at.card("sub-07")
    assert "No prediction. sub-07_stiffness.nii.gz: wrong units" in card.inner_text()
    assert card.locator(".number").count() == 0 and card.locator("svg").count() == 0
    assert card.locator(".steps .stopped").inner_text().startswith("Check the file")
    assert notices(at) == 0


def test_two_at_once_are_queued_and_not_mixed(browse, maps, tmp_path):
    at = browse(maps)
    contents = {f"sub-0{k}": a_map(20 + 20 * k, k) for k in (1, 2)}
    at.drop(**{f"{name}_stiffness__nii__gz": content for name, content in contents.items()})
    ages = at.page.get_by_label("Age (years), if known")
    for place, age in enumerate(("41", "62")):
        ages.nth(place).fill(age)
    at.page.get_by_role("button", name="Predict").click()
    at.finished(*contents)
    for (name, content), age in zip(contents.items(), ("41", "62"), strict=True):
        number = predicted(maps, tmp_path, f"{name}_stiffness.nii.gz", content)
        card = at.card(name)
        assert card.locator(".number").inner_text().split()[0] == number
        assert card.get_by_text(f"{age} years", exact=True).count() == 1
    began = [maps.desk.tickets[number].began for number in sorted(maps.desk.tickets)]
    took = [maps.desk.tickets[number].seconds for number in sorted(maps.desk.tickets)]
    assert began[1] >= began[0] + took[0]


def test_the_steps_are_told_while_they_run(browse, maps, monkeypatch):
    from contrage.serve import desk as desks

    go, gone = threading.Event(), predict_subjects

    def slowly(bundle, found, *, tell, **more):
        def told(name: str, stage: str) -> None:
            tell(name, stage)
            assert stage != "register" or go.wait(120)

        yield from gone(bundle, found, tell=told, **more)

    monkeypatch.setattr(desks, "predict_subjects", slowly)
    at = browse(maps)
    at.drop(**{f"sub-0{k}_stiffness__nii__gz": a_map(seed=k) for k in (1, 2)})
    at.page.get_by_role("button", name="Predict").click()
    now = at.card("sub-01").locator('[aria-current="step"]')
    now.get_by_text("Register to the template").wait_for()
    assert at.card("sub-01").locator(".past").all_inner_texts() == [
        "Check the file",
        "Find the brain",
    ]
    at.card("sub-02").get_by_text("Waits: 1 before it.").wait_for()
    go.set()
    at.finished("sub-01", "sub-02")


def test_images_of_one_scan_are_chosen_together_or_told_by_their_names(browse, masked):
    at = browse(masked)
    inside = nib.Nifti1Image((brain(40, 1) > 0).astype(np.uint8), AFFINE)
    mask = gzip.compress(inside.to_bytes())
    assert (
        "takes a stiffness map and a brain mask of each scan"
        in at.page.locator("#how").inner_text()
    )
    at.drop(**{"one__nii__gz": a_map(), "two__nii__gz": mask})
    at.page.get_by_role("button", name="Predict").click()
    assert at.page.get_by_role("alert").inner_text() == "Say of each file which image it is."
    for place, title in enumerate(("stiffness map", "brain mask")):
        at.page.get_by_label("is the").nth(place).select_option(label=title)
    at.page.get_by_label("Age (years), if known").fill("44")
    at.page.get_by_role("button", name="Predict").click()
    at.finished("one")
    pair = {"_stiffness__nii__gz": a_map(), "_desc-brain_mask__nii__gz": mask}
    at.drop(**{f"sub-{k}{name}": content for k in "34" for name, content in pair.items()})
    at.page.get_by_role("button", name="Predict").click()
    at.finished("sub-3", "sub-4")
    assert len({*at.page.locator(".number").all_inner_texts()}) == 1


def test_a_t1_and_its_map_that_are_dropped_together_are_one_scan(browse, heads, tmp_path):
    at = browse(heads)
    assert "takes a T1" in at.page.locator("#how").inner_text()
    files = a_head(tmp_path)
    at.drop(**{path.name.replace(".", "__"): path.read_bytes() for path in files})
    kinds = at.page.get_by_label("is the")  # told by the names, and to be changed by hand
    assert [kinds.nth(k).input_value() for k in (0, 1)] == ["anatomical", "stiffness"]
    at.page.get_by_role("button", name="Predict").click()
    at.finished("sub-1")
    card = at.card("sub-1")
    bundle = heads.desk.bundle
    (found,) = predict_subjects(bundle, subjects(bundle, files))
    assert found.refused is None, found.refused
    assert card.locator(".number").inner_text().split() == [f"{found.predicted:.1f}", "years"]
    card.locator(".images[data-shown]").wait_for()
    assert at.page.get_by_role("article").count() == 1
    at.drop(**{files[1].name.replace(".", "__"): files[1].read_bytes()})
    at.page.get_by_role("button", name="Predict").click()
    at.page.locator('.scan[data-state="refused"]').wait_for()
    assert "no image of the kind anatomical is given" in at.page.locator("#scans").inner_text()


def a_head(folder: Path) -> list[Path]:
    """Write the T1 and the map of a generated head."""
    coarse = {"t1_voxel_mm": (3.0, 3.2, 3.4), "stiffness_voxel_mm": (3.0, 3.0, 3.4)}
    phantom = given(PhantomSettings, "cohort.phantom", **coarse, participants=10)
    files = [folder / f"sub-1_{suffix}.nii.gz" for suffix in ("T1w", "stiffness")]
    others = {name: folder / f"{name}.nii.gz" for name in ("brain_mask", "bias_field", "coverage")}
    make_participant(
        PhantomScanSettings(0, phantom),
        anatomical=files[0],
        stiffness=files[1],
        transform=folder / "transform.json",
        truth=folder / "truth.json",
        **others,
    )
    return files


def test_a_table_is_dropped_and_each_row_is_a_card(browse, table, tmp_path):
    at = browse(table)
    rows = write_rows(tmp_path / "t.tsv", {"age": 44}, {"volume": "big"}, {"age": 85})
    at.drop(people__tsv=rows.read_bytes())
    at.page.get_by_role("button", name="Predict").click()
    at.finished("sub-p1", "sub-p2", "sub-p3")
    assert at.page.get_by_role("article").count() == 3
    assert "people.tsv: line 3: volume is 'big'" in at.card("sub-p2").inner_text()
    assert "age 85 is outside 20 to 80 years" in at.card("sub-p3").inner_text()


def test_a_file_that_is_too_large_is_said_before_it_is_sent(browse, table):
    at = browse(table)
    at.drop(big__tsv=b"x" * (2 * 1024**2 + 1))
    at.page.get_by_role("button", name="Predict").click()
    assert "big.tsv: is larger than 2 MB" in at.page.get_by_role("alert").inner_text()
    assert table.desk.tickets == {}


def test_a_name_that_looks_like_markup_is_text(browse, table, tmp_path):
    at = browse(table)
    content = write_rows(tmp_path / "t.tsv", {"participant_id": "<img src=x onerror=alert(1)>"})
    at.drop(**{"<b>bold<script>__tsv": content.read_bytes()})
    at.page.get_by_role("button", name="Predict").click()
    at.finished("sub-<img src=x onerror=alert(1)>")
    assert at.page.locator("#scans img, #scans b").count() == 0


def test_a_scan_is_removed_with_its_files(browse, table, tmp_path):
    at = browse(table)
    at.drop(people__tsv=write_rows(tmp_path / "t.tsv", {}).read_bytes())
    at.page.get_by_role("button", name="Predict").click()
    at.finished("sub-p1")
    at.page.get_by_role("button", name="Remove sub-p1").click()
    at.page.locator("#results").wait_for(state="hidden")
    assert table.desk.tickets == {} and list(table.desk.folder.iterdir()) == []


def test_all_of_it_is_done_by_keyboard(browse, table, tmp_path):
    at = browse(table)
    path = write_rows(tmp_path / "people.tsv", {"age": 44})
    for _ in range(6):
        at.page.keyboard.press("Tab")
        if at.page.evaluate("document.activeElement.id") == "files":
            break
    assert at.page.evaluate("document.activeElement.id") == "files"
    with at.page.expect_file_chooser() as chooser:
        at.page.keyboard.press("Space")
    chooser.value.set_files(path)
    at.page.locator("#predict").wait_for()
    assert at.page.evaluate("document.activeElement.id") == "predict"
    at.page.keyboard.press("Enter")
    at.finished("sub-p1")
    assert at.page.locator("#news").inner_text().startswith("sub-p1: predicted age")


@pytest.mark.parametrize("width", [400, 1400])
def test_nothing_is_wider_than_the_page_and_every_picture_has_words(browse, maps, width: int):
    at = browse(maps, width)
    at.drop(**{f"sub-{'long' * 20}_stiffness__nii__gz": a_map(), "bad_stiffness__nii__gz": b"x"})
    at.page.get_by_label("Age (years), if known").first.fill("44")
    assert at.page.evaluate("document.documentElement.scrollWidth") <= width
    at.page.get_by_role("button", name="Predict").click()
    at.finished(f"sub-{'long' * 20}", "bad_stiffness")
    at.page.locator(".images[data-shown]").wait_for()
    at.page.locator("summary").first.click()
    assert at.page.evaluate("document.documentElement.scrollWidth") <= width
    for each in at.page.locator("svg, canvas").all():
        assert len(each.get_attribute("aria-label")) > 20
    for each in at.page.locator("img").all():
        assert len(each.get_attribute("alt")) > 20
    for each in at.page.locator("input, select").all():
        labels = each.evaluate("node => node.labels.length + (node.ariaLabel ? 1 : 0)")
        assert labels >= 1


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Return the address of another server on this machine, with an empty page."""

    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!DOCTYPE html><link rel=icon href=data:,><title>other</title>")

        def log_message(self, *given: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()


ATTACK = """async ([address, content]) => {
  const form = new FormData();
  form.append("file", new File([content], "t.tsv"));
  const found = [];
  for (const mode of ["cors", "no-cors"]) {
    for (const [path, options] of [["scans", { method: "POST", body: form }], ["scans", {}]]) {
      const asked = fetch(address + path, { mode, ...options });
      found.push(await asked.then(({ type }) => type, () => "refused"));
    }
  }
  return found;
}"""


def test_a_page_from_elsewhere_may_not_ask_even_if_it_knows_the_token(
    browser, table, elsewhere, tmp_path
):
    for number in list(table.desk.tickets):
        table.desk.remove(number)
    page = browser.new_page()
    page.goto(elsewhere)
    content = write_rows(tmp_path / "t.tsv", {}).read_text()
    found = page.evaluate(ATTACK, [table.address, content])
    page.close()
    assert found[:2] == ["refused", "refused"] and "basic" not in found and "cors" not in found
    assert table.desk.tickets == {}

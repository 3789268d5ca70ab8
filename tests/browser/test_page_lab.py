"""The training lab of the website: recorded runs, played on a page that is opened from the disk."""

import math
import random
import re
import shutil

import pytest
from panel_page import READY, findings, in_each_light, write_page
from playwright.sync_api import expect

from lessons.panels import Target, TrainingLab
from lessons.panels.live_plot import describe
from lessons.panels.runs import Settings
from lessons.panels.training_lab import BATCH_SIZES, EPOCHS, RATES, USUAL, describe_epoch, judge
from lessons.validation import best
from scripts import recordings
from scripts.recordings import lab as recorded

# From the corners and the middle of where processors agree: optimizer, batch size, rate, epochs.
FIXED = [
    ("AdamW", 8, 0.0001, 3),
    ("AdamW", 8, 0.03, 2),
    ("AdamW", 16, 0.001, 5),
    ("AdamW", 32, 0.003, 10),
    ("AdamW", 64, 0.01, 12),
    ("AdamW", 128, 0.01, 30),
    ("AdamW", 256, 0.03, 20),
    ("AdamW", 512, 0.0003, 7),
    ("AdamW", 1024, 0.03, 30),
    ("SGD", 8, 0.003, 3),
    ("SGD", 8, 3.0, 10),
    ("SGD", 32, 1.0, 15),
    ("SGD", 128, 3.0, 30),
    ("SGD", 256, 0.1, 4),
    ("SGD", 1024, 0.3, 30),
]
LEAST = {"AdamW": 0.0, "SGD": 0.003}  # below it SGD moves so little that answers are ties
CALM = [
    one
    for one in recorded.all_settings()
    if LEAST[one.optimizer] <= one.learning_rate <= recorded.CALM[one.optimizer]
]
CHAOTIC = [
    ("AdamW", 128, 0.3, 10),
    ("AdamW", 32, 100.0, 5),
    ("SGD", 64, 30.0, 3),
    ("SGD", 8, 100.0, 3),
]


@pytest.fixture(scope="module")
def prepared():
    return recordings.stories()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    made = TrainingLab("05", Target(0.85, 1), folder=tmp_path_factory.mktemp("runs"))
    return write_page(tmp_path_factory.mktemp("page"), **{"05-lab": made.page()})


@pytest.fixture
def site(browser_page, path):
    """A page of its own, for whom no motion is wanted: a run is there at once."""
    context = browser_page.context.browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(20_000)
    page, problems, asked = context.new_page(), [], []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size({"width": 1366, "height": 768})
    yield page
    context.close()
    assert problems == []
    assert [address for address in asked if not address.startswith("file:")] == []


@pytest.fixture
def lab(site, path):
    return visit(site, path)


def visit(page, path, query=""):
    page.goto("about:blank")  # so that the page is loaded anew, not only its fragment
    page.goto(f"{path.as_uri()}{query}#05-lab")
    page.wait_for_selector(READY)
    return page


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def put(page, name, value):
    exact(page, name).select_option(label=f"{value:g}")


def exact(page, name):
    """The menu beside a slider."""
    return page.get_by_label(f"{name}, exactly")


def text(menu):
    """What is chosen in a menu."""
    return menu.evaluate("menu => menu.selectedOptions[0].text")


def values(page):
    """What the controls show."""
    numbers = {
        name: float(text(exact(page, name))) for name in ("epochs", "batch size", "learning rate")
    }
    return {"optimizer": text(page.get_by_label("optimizer")), **numbers}


def status(page):
    return page.locator(".lessons-status")


def train(page, path, settings):
    optimizer, size, rate, epochs = settings
    query = f"?optimizer={optimizer}&batch_size={size}&learning_rate={rate:g}&epochs={epochs}"
    visit(page, path, query)
    press(page, "Train")


# -------------------------------------------------------------------- the library's own numbers


def fitted(prepared, settings):
    optimizer, size, rate, epochs = settings
    return recorded.train(prepared, Settings(epochs, size, rate, optimizer))


def assert_close(shown, wanted):
    """The same words, and each number within one unit of its last digit."""
    number = r"\d+(?:\.\d+)?"
    assert re.sub(number, "#", shown) == re.sub(number, "#", wanted)
    for seen, right in zip(re.findall(number, shown), re.findall(number, wanted), strict=True):
        unit = 10 ** -len(right.partition(".")[2])
        assert abs(float(seen) - float(right)) < 1.01 * unit, (shown, wanted)


def assert_shows(page, history):
    """The page shows this history: in its table, the status, and the words of the drawing."""
    cells = page.locator(".lessons-panel tr").last.get_by_role("cell").all_inner_texts()
    number = int(cells[6])
    # Where the loss hardly changes, processors differ in which epoch is the best.
    assert history[number - 1].validation.loss - best(history).validation.loss < 0.001
    scores = best(history).validation
    assert_close(f"{cells[7]} {cells[8]}", f"{scores.loss:.2f} {scores.accuracy:.1%}")
    said = status(page).inner_text().partition(" right.")[0]
    assert_close(said + " right.", f"Finished. {describe_epoch(history)}")
    words = page.get_by_role("img").get_attribute("aria-label")
    assert_close(words.partition(" The best")[0], describe(history).partition(" The best")[0])


@pytest.mark.parametrize("settings", FIXED, ids=str)
def test_what_is_shown_is_what_fit_gives(site, path, prepared, settings):
    history = fitted(prepared, settings)
    train(site, path, (*settings[:3], 1))
    assert_shows(site, history[:1])
    for epochs in sorted({2, len(history) // 2, len(history)} - {0, 1}):
        put(site, "epochs", epochs)
        press(site, "Continue")
        assert_shows(site, history[:epochs])


@pytest.mark.soak
def test_settings_drawn_at_random(site, path, prepared):
    for one in random.SystemRandom().sample(CALM, 60):
        settings = (one.optimizer, one.batch_size, one.learning_rate, random.choice(EPOCHS))
        print(settings)  # for whom it fails
        history = fitted(prepared, settings)
        train(site, path, settings)
        assert_shows(site, history)


def in_the_recording(settings):
    optimizer, size, rate, epochs = settings
    place = recorded.all_settings().index(Settings(max(EPOCHS), size, rate, optimizer))
    data = recordings.read("lab")
    return recorded.unpacked(data["runs"][place], data["stories"])[:epochs]


@pytest.mark.parametrize("settings", CHAOTIC, ids=str)
def test_a_chaotic_run_has_the_same_direction_and_order_of_magnitude(
    site, path, prepared, settings
):
    train(site, path, settings)
    expect(site.get_by_role("note")).to_contain_text("another machine would draw another curve")
    played = in_the_recording(settings)
    assert site.get_by_role("img").get_attribute("aria-label") == describe(played)
    seen = [epoch.train.loss for epoch in played]
    now = [epoch.train.loss for epoch in fitted(prepared, settings)]
    assert size(seen[0]) == pytest.approx(size(now[0]), abs=1)
    assert max(map(size, seen)) == pytest.approx(max(map(size, now)), abs=1)
    if settings[1:3] != (32, 100.0):  # which goes up and down by turns
        assert (size(seen[-1]) > size(seen[0])) == (size(now[-1]) > size(now[0]))


def size(loss):
    """The order of magnitude; what is NaN or infinite is beyond all others."""
    return math.log10(loss) if math.isfinite(loss) else 40.0


# --------------------------------------------------------------------------------- in words

SENTENCES = """() => {
  const data = lessons.recordings.lab;
  const { unpacked, describe, summarize, reached } = lessons.lab;
  const target = { accuracy: 0.85, epochs: 5 };
  return data.runs.map((run) => {
    const history = unpacked(data, run);
    return history.map((_, i) => {
      const now = history.slice(0, i + 1);
      return [describe(data.words, now, i % 4), summarize(data.words, now),
        reached(target, now)?.number ?? null];
    });
  });
}"""


def test_the_page_says_what_the_library_says(lab):
    data, target = recordings.read("lab"), Target(0.85, 5)
    for run, shown in zip(data["runs"], lab.evaluate(SENTENCES), strict=True):
        history = recorded.unpacked(run, data["stories"])
        for i, seen in enumerate(shown):
            now = history[: i + 1]
            summary = f"{describe_epoch(now)} {judge(now)}"
            assert seen == [describe(now, i % 4), summary, target.reached(now)]


def test_numbers_are_written_as_python_writes_them(lab):
    draw = random.Random(0)
    numbers = [draw.uniform(0, 3) for _ in range(2000)] + [n / 400 for n in range(401)]
    numbers += [0.5, 1.5, 2.5, 0.125, 0.375, 0.0625, 8.345, 1e22, 123456.5]
    shown = lab.evaluate(
        """numbers => numbers.map(n =>
             [0, 1, 2, 3].map(d => [lessons.fixed(n, d), lessons.percent(n, d)]))""",
        numbers,
    )
    for number, texts in zip(numbers, shown, strict=True):
        assert texts == [[f"{number:.{d}f}", f"{number:.{d}%}"] for d in range(4)], number
    odd = "[Infinity, -Infinity].map(n => lessons.fixed(n))"
    assert lab.evaluate(odd) == [f"{n:.0f}" for n in (math.inf, -math.inf)]


# ------------------------------------------------------------------------------- the address


def test_settings_are_in_the_address_and_come_back_from_it(lab, site, path):
    assert "?" not in lab.url  # as long as nobody has changed anything
    lab.get_by_label("optimizer").select_option(label="SGD")
    put(lab, "epochs", 12)
    put(lab, "batch size", 64)
    put(lab, "learning rate", 0.3)
    chosen, address = values(lab), lab.url
    assert address.endswith("?optimizer=SGD&epochs=12&batch_size=64&learning_rate=0.3#05-lab")
    visit(site, path)
    assert values(site) != chosen
    site.goto("about:blank")
    site.goto(address)
    site.wait_for_selector(READY)
    assert values(site) == chosen
    press(site, "Copy link")
    assert site.get_by_role("region", name="Copy link").inner_text() == address


def test_a_browser_that_refuses_a_new_address_changes_nothing_else(lab):
    lab.evaluate("() => { history.replaceState = () => { throw Error('100 in 30 seconds'); }; }")
    put(lab, "epochs", 12)
    press(lab, "Train")
    expect(status(lab)).to_contain_text("Finished. Epoch 12:")
    press(lab, "Copy link")
    expect(lab.get_by_role("region", name="Copy link")).to_contain_text("&epochs=12&")


def test_a_new_address_on_the_same_page_is_followed(lab):
    lab.evaluate("location.search = '?optimizer=SGD&batch_size=8'")
    expect(exact(lab, "batch size").locator(":checked")).to_have_text("8")
    expect(exact(lab, "learning rate").locator(":checked")).to_have_text("3")  # usual for SGD


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("?epochs=31", "epochs=31"),
        ("?epochs=12&batch_size=100", "batch_size=100"),
        ("?optimizer=Adam", "optimizer=Adam"),
        ("?learning_rate=nan", "learning_rate=nan"),
        ("?epochs=", "epochs="),
        ("?lr=0.01", "lr=0.01"),
        ("?__proto__=1", "__proto__=1"),
        ("?epochs=<b>1</b>", "epochs=<b>1</b>"),
        ("?%E0%A4%A", ""),
        ("??&&==", ""),
    ],
)
def test_what_the_address_cannot_have_is_left_out_with_a_word(site, path, query, named):
    visit(site, path, query)
    expect(status(site)).to_contain_text("asks for what is not offered here")
    expect(status(site)).to_contain_text(named)
    begin = {"optimizer": "AdamW", "epochs": 10, "batch size": 128, "learning rate": 0.01}
    assert values(site) == begin | ({"epochs": 12} if "epochs=12" in query else {})
    press(site, "Train")
    expect(status(site)).to_contain_text("Finished.")


@pytest.mark.parametrize("fragment", ["#nowhere?epochs=3", "#?epochs=3", "#05-lab", "#%"])
def test_other_addresses_change_nothing(site, path, fragment):
    site.goto("about:blank")
    site.goto(path.as_uri() + fragment)
    site.wait_for_selector(READY)
    assert values(site)["epochs"] == 10
    expect(status(site)).to_have_text("Press Train.")


# ----------------------------------------------------------------------- sliders and buttons


def test_slider_and_menu_say_the_same(lab):
    slider, menu = lab.get_by_role("slider", name="batch size"), exact(lab, "batch size")
    slider.focus()
    lab.keyboard.press("ArrowRight")
    expect(menu.locator(":checked")).to_have_text("256")
    expect(slider).to_have_attribute("aria-valuetext", "256 stories")
    for size in (1024, 8):
        menu.select_option(label=str(size))
        expect(slider).to_have_attribute("aria-valuetext", f"{size} stories")
    menu = exact(lab, "learning rate")
    menu.focus()
    lab.keyboard.press("ArrowDown")
    expect(menu.locator(":checked")).to_have_text("0.03")
    expect(lab.get_by_role("slider", name="learning rate")).to_have_attribute(
        "aria-valuetext", "0.03"
    )


@pytest.mark.parametrize(("chosen", "then"), [(0.01, 3), (0.1, 0.1)])
def test_an_optimizer_brings_its_usual_rate_unless_one_was_chosen(lab, chosen, then):
    put(lab, "learning rate", chosen)
    lab.get_by_label("optimizer").select_option(label="SGD")
    assert values(lab)["learning rate"] == then


def test_what_the_menus_offer_is_what_is_recorded(lab):
    offered = {"epochs": EPOCHS, "batch size": BATCH_SIZES, "learning rate": RATES}
    for name, wanted in offered.items():
        assert exact(lab, name).locator("option").all_inner_texts() == [f"{n:g}" for n in wanted]
    assert lab.get_by_label("optimizer").locator("option").all_inner_texts() == [*USUAL]


def tab_to(page, name):
    """Press Tab until this is what has the focus."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == name:
            return
    raise AssertionError(f"Tab does not reach {name}")


def test_train_stop_continue_by_keyboard_alone(lab):
    lab.emulate_media(reduced_motion="no-preference")
    lab.get_by_label("slow motion").focus()
    lab.keyboard.press("Space")
    tab_to(lab, "Train")
    lab.keyboard.press("Enter")
    expect(lab.get_by_role("img").first).to_have_attribute(
        "aria-label", re.compile("After epoch 2")
    )
    assert lab.evaluate("document.activeElement.textContent") == "Train"  # though it is off
    lab.keyboard.press("Enter")  # so this does nothing
    tab_to(lab, "Stop")
    lab.keyboard.press("Enter")
    expect(status(lab)).to_contain_text("Press Continue to go on from here.")
    stopped = int(re.search(r"Stopped after (\d+) of 10", status(lab).inner_text())[1])
    put(lab, "epochs", stopped + 1)
    tab_to(lab, "Continue")
    lab.keyboard.press("Enter")
    expect(status(lab)).to_contain_text(f"Finished. Epoch {stopped + 1}:")
    expect(lab.get_by_role("table")).to_contain_text(f"{stopped + 1} of {stopped + 1}")
    assert lab.get_by_role("row").count() == 2


def test_without_reduced_motion_one_sees_epoch_after_epoch(lab):
    lab.emulate_media(reduced_motion="no-preference")
    press(lab, "Train")
    seen = []
    while not status(lab).inner_text().startswith("Finished"):
        seen.append(status(lab).inner_text())
    assert len({text.partition(":")[0] for text in seen}) > 5


def test_five_runs_are_compared_and_the_oldest_makes_room(lab):
    for size in (8, 16, 32, 64, 128, 256):
        put(lab, "batch size", size)
        press(lab, "Train")
    rows = lab.get_by_role("row").all_inner_texts()[1:]
    assert [row.split("\t")[2] for row in rows] == ["16", "32", "64", "128", "256"]
    expect(lab.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile("4 earlier runs are drawn paler.")
    )
    press(lab, "Reset")
    expect(status(lab)).to_have_text("All runs are forgotten. Press Train.")
    expect(lab.get_by_role("table")).to_have_count(0)
    assert values(lab)["batch size"] == 128


def test_the_target_is_reached_within_its_epochs_or_not(lab):
    head = lab.locator(".lessons-head")
    expect(head).to_contain_text("not reached yet")
    press(lab, "Train")
    expect(head).to_contain_text("not reached yet")  # later than in epoch 1
    put(lab, "batch size", 8)
    press(lab, "Train")
    expect(head).to_contain_text("✓ reached in epoch 1")


def test_copy_as_code_is_the_cell_that_does_the_same(lab, prepared, tmp_path, monkeypatch, capsys):
    put(lab, "epochs", 2)
    put(lab, "batch size", 512)
    put(lab, "learning rate", 0.03)
    press(lab, "Train")
    shown = status(lab).inner_text()
    press(lab, "Copy as code")
    expect(status(lab)).to_have_text(re.compile("Copied.|Here it is: select it and copy it."))
    code = lab.get_by_role("region", name="Copy as code").inner_text()
    monkeypatch.chdir(tmp_path)  # where the lab keeps its runs
    names = {}
    exec(code, names)
    history = names["lab"].history
    assert "Epoch 2" in capsys.readouterr().out
    assert_close(shown.removeprefix("Finished. "), f"{describe_epoch(history)} {judge(history)}")


def test_a_recording_that_is_missing_leaves_what_was_there(site, path, tmp_path):
    shutil.copytree(path.parent, tmp_path / "page")
    (tmp_path / "page" / "recordings" / "lab.js").unlink()
    site.goto((tmp_path / "page" / "page.html").as_uri())
    expect(site.get_by_role("alert")).to_contain_text("The recording lab.js is missing.")
    expect(site.locator(".lessons-panel")).to_contain_text("What is here without a script.")


# --------------------------------------------------------------------------------- for all


NEEDED = """menu => {
  const { style, offsetWidth } = menu;
  style.width = "max-content";
  const needed = menu.offsetWidth;
  style.width = "";
  return [needed, offsetWidth];
}"""


@pytest.mark.parametrize("width", [1366, 390, 320])
def test_the_longest_numbers_of_the_menus_are_seen_whole(lab, width):
    lab.set_viewport_size({"width": width, "height": 768})
    for name in ("epochs", "batch size", "learning rate"):
        needed, given = exact(lab, name).evaluate(NEEDED)
        assert needed <= given, name
    within = "row => row.scrollWidth <= row.clientWidth"
    assert all(row.evaluate(within) for row in lab.locator(".lessons-row").all())


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844), (320, 640)])
def test_in_every_state_axe_finds_nothing_and_nothing_is_cut_off(lab, width, height):
    lab.set_viewport_size({"width": width, "height": height})
    lab.emulate_media(reduced_motion="no-preference")
    check(lab, width, "at first")
    lab.get_by_label("slow motion").check()
    press(lab, "Train")
    check(lab, width, "while it plays")
    press(lab, "Stop")
    check(lab, width, "stopped")
    lab.emulate_media(reduced_motion="reduce")
    lab.get_by_label("slow motion").uncheck()
    press(lab, "Continue")
    lab.get_by_label("optimizer").select_option(label="SGD")
    put(lab, "learning rate", 100)
    press(lab, "Train")
    press(lab, "Copy as code")
    check(lab, width, "a chaotic run, and code")
    lab.evaluate("location.search = '?epochs=99'")
    expect(status(lab)).to_contain_text("not offered")
    check(lab, width, "a bad address")


def check(page, width, state):
    for light in in_each_light(page):
        assert findings(page) == [], (state, light)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, state

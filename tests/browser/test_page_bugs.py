"""The break-it lab, the pile, the batches and the slope of the website, opened from the disk."""

import html
import re
from itertools import pairwise, product

import pytest
from panel_page import READY, findings, in_each_light, write_page
from playwright.sync_api import expect

from lessons.panels import BatchPanel, BreakPanel, RatePanel, SplitPanel
from lessons.panels.batches import COUNTS, SIZES, _describe
from lessons.panels.break_it import ALL, APART, SEEDS, SOUND, WORDS, _table, describe_comparison
from lessons.panels.learning_rate import RATES
from lessons.panels.splits import PERCENT, describe, shares, sizes_up_to
from lessons.silent_bugs.bugs import BUGS
from lessons.silent_bugs.recipe import run
from lessons.silent_bugs.steps import EpochScores
from lessons.sources import load
from lessons.split import split
from lessons.training import Scores
from scripts.recordings import break_it, read

WILD = (*break_it.CHAOTIC, "high")  # another processor may show other numbers
NAMES = {key: bug.name for key, bug in ALL.items()}
PANELS = {
    "09-break-it": BreakPanel,
    "01-panel": lambda: SplitPanel(load("mini-news")),
    "02-panel": lambda: BatchPanel(stories=1030, batch_size=100),
    "04-panel": RatePanel,
}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    pages = {id: make().page() for id, make in PANELS.items()}
    return write_page(tmp_path_factory.mktemp("page"), **pages)


def test_the_scripts_have_no_global_names_but_one(browser_page, path):
    page = browser_page.context.browser.new_page()
    own = "() => Object.keys(window)"
    blank = path.with_name("blank.html")
    blank.write_text("<!doctype html><title>Blank</title>", encoding="utf-8")
    page.goto(blank.as_uri())
    before = page.evaluate(own)
    page.goto(path.as_uri())
    page.wait_for_function("typeof lessons === 'object' && Boolean(lessons.lab)")
    assert set(page.evaluate(own)) <= set(before)  # `lessons` is a constant, so not among them
    page.close()


@pytest.fixture
def open_page(browser_page, path):
    """Opens the page at a panel, for people who want no motion or who do."""
    contexts, problems, asked = [], [], []

    def open_page(place, motion="reduce"):
        contexts.append(browser_page.context.browser.new_context(reduced_motion=motion))
        contexts[-1].set_default_timeout(20_000)
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.set_viewport_size({"width": 1366, "height": 768})
        return visit(page, path, place)

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []
    assert [address for address in asked if not address.startswith(path.parent.as_uri())] == []


def visit(page, path, place):
    page.goto("about:blank")  # so that the page is loaded anew, not only its fragment
    id, _, query = place.partition("?")
    page.goto(f"{path.as_uri()}?{query}#{id}")
    panel(page, id).and_(page.locator(READY)).wait_for()
    return page


def place_of(link):
    """What `visit` takes, of an address."""
    query, id = link.partition("?")[2].split("#")
    return f"{id}?{query}"


def panel(page, id):
    return page.locator(f'[id="{id}"]')


def status(page, id):
    return panel(page, id).locator(".lessons-status")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def menu(page, id, name):
    return panel(page, id).get_by_label(f"{name}, exactly")


def plain_menu(page, name):
    return panel(page, LAB).get_by_role("combobox", name=name, exact=True)


def put(page, id, name, value):
    menu(page, id, name).select_option(label=f"{value:g}")


def expect_chosen(menu, text):
    expect(menu.locator("option:checked")).to_have_text(text)


def assert_close(shown, wanted, units=1):
    """The same words, and each number within so many units of its last digit."""
    number = r"\d+(?:\.\d+)?"
    assert re.sub(number, "#", shown) == re.sub(number, "#", wanted)
    for seen, right in zip(re.findall(number, shown), re.findall(number, wanted), strict=True):
        unit = 10 ** -len(right.partition(".")[2])
        assert abs(float(seen) - float(right)) < (units + 0.01) * unit, (shown, wanted)


# --------------------------------------------------------------------------- the break-it lab


LAB = "09-break-it"


def drawing(page):
    return panel(page, LAB).get_by_role("img").first.get_attribute("aria-label")


def choose(page, key, seed):
    plain_menu(page, "bug").select_option(label=NAMES[key])
    put(page, LAB, "seed", seed)


def unpacked(bug, which, seed):
    """The epochs of a run as they were recorded, and the one that is kept."""
    stored = read("break_it")
    kept, *lists = stored["runs"][bug["runs"][0][which]][str(seed)]
    epochs = [
        EpochScores(number, *(scores(stored["scores"], values, part) for part in PARTS))
        for number, values in enumerate(zip(*lists, strict=True), 1)
    ]
    return epochs, epochs[kept[bug["choices"][which]] - 1]


PARTS = ("train", "validation", "test", "new")


def scores(names, values, part):
    of = dict(zip(names, values, strict=True))
    return Scores(of.get(f"{part}_loss", 0) / 1000, of[part] / 1000)


def test_each_bug_and_seed_is_shown_in_the_words_of_the_library(open_page):
    page = open_page(LAB)
    for bug, seed in product(read("break_it")["bugs"][:-1], SEEDS):
        choose(page, bug["key"], seed)
        expect(status(page, LAB)).to_have_text(WORDS["predict"])
        assert drawing(page) == describe_comparison([], [], "broken")
        assert panel(page, LAB).locator("dl").count() == 0
        press(page, "Run")
        (healthy, first), (broken, second) = (unpacked(bug, which, seed) for which in (0, 1))
        assert drawing(page) == describe_comparison(healthy, broken, "broken")
        assert cells(page) == cells_of(_table(("healthy", "broken"), (first, second)))
        expect(status(page, LAB)).to_contain_text(
            f"Finished. It usually looks like this: {bug['see']}"
        )
        expect(panel(page, LAB).locator("dd")).to_have_count(4)


def cells(page):
    return page.locator(".lessons-table tr").all_inner_texts()


def cells_of(table):
    rows = re.findall("<tr>(.*?)</tr>", table)
    return [html.unescape("\t".join(re.findall(">([^<]+)</t[hd]>", row))) for row in rows]


@pytest.mark.parametrize("key", [key for key in BUGS if key not in WILD])
def test_what_is_shown_is_what_the_library_gives(open_page, parts, key):
    page = open_page(LAB)
    assert_runs(page, parts, key, 5)


@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
def test_all_that_is_shown_is_what_the_library_gives(open_page, parts, seed):
    page = open_page(LAB)
    for key in BUGS:
        if key not in WILD:
            assert_runs(page, parts, key, seed)


def assert_runs(page, parts, key, seed):
    choose(page, key, seed)
    press(page, "Run")
    bug = BUGS[key]
    runs = [run(parts, recipe, seed) for recipe in (bug.healthy, bug.broken)]
    assert_close(drawing(page), describe_comparison(*runs, "broken"))
    kept = [bug.healthy.choose_epoch(runs[0]), bug.broken.choose_epoch(runs[1])]
    for row, wanted in zip(
        cells(page)[1:], cells_of(_table(("healthy", "broken"), kept))[1:], strict=True
    ):
        assert_close(row, wanted)


def test_a_chaotic_run_is_called_so_when_all_is_told(open_page):
    page = open_page(LAB)
    for key in BUGS:
        choose(page, key, 0)
        press(page, "Run")
        told = break_it.NOTES["chaotic"] in status(page, LAB).inner_text()
        assert told == (key in break_it.CHAOTIC)


def test_a_loss_that_is_not_drawn_is_said(open_page):
    page = open_page(LAB)
    choose(page, "high", 0)
    press(page, "Run")
    expect(page.locator(".lessons-plot").first).to_contain_text("broken: NaN or infinite")
    assert "validation loss NaN" in drawing(page)


def test_losses_far_apart_take_a_scale_of_powers_of_ten(open_page):
    page = open_page(LAB)
    choose(page, "zero_grad", 0)
    press(page, "Run")
    plot = page.locator(".lessons-plot").first
    expect(plot).to_contain_text("powers of ten")
    marks = [float(text) for text in plot.locator("text[text-anchor=end]").all_text_contents()]
    assert [later / mark for mark, later in pairwise(marks)] == pytest.approx(
        [10] * (len(marks) - 1)
    )
    choose(page, "softmax", 0)
    press(page, "Run")
    expect(plot).not_to_contain_text("powers of ten")


def test_a_run_is_played_and_can_be_stopped(open_page):
    page = open_page(LAB, motion="no-preference")
    choose(page, "choice", 0)  # of sixty epochs
    press(page, "Run")
    expect(status(page, LAB)).to_contain_text("Training the healthy run: epoch")
    expect(page.get_by_role("button", name="Run")).to_have_attribute("aria-disabled", "true")
    page.wait_for_function(
        "() => document.querySelector('[id=\"09-break-it\"] [role=img]')"
        ".ariaLabel.includes('The healthy run after epoch')"
    )
    press(page, "Stop")
    expect(status(page, LAB)).to_have_text(WORDS["stopped"])
    assert "broken run" not in drawing(page)
    expect(page.locator(".lessons-table")).to_be_hidden()
    choose(page, "low", 0)  # and goes to its end by itself
    press(page, "Run")
    expect(status(page, LAB)).to_contain_text("Finished.")


# ------------------------------------------------------------------------------- the mystery


def secret(page):
    """Gives up, and gives back the name of what was hidden."""
    press(page, "Tell me")
    said = status(page, LAB).inner_text()
    (name,) = [name for name in NAMES.values() if said.startswith(f"It was: {name}.")]
    return name


def test_a_mystery_from_the_first_look_to_the_diagnosis(open_page, path):
    page = open_page(LAB)
    expect(page.get_by_role("button", name="Diagnose")).to_have_attribute("aria-disabled", "true")
    press(page, "Mystery")
    expect(status(page, LAB)).to_have_text(WORDS["asked"])
    link = page.url
    hidden = secret(visit(page, path, place_of(link)))
    assert hidden not in link and not any(key in link for key in ALL)
    assert f"It was: {hidden}. It usually looks like this: " in status(page, LAB).inner_text()
    visit(page, path, place_of(link))  # the same again
    expect(status(page, LAB)).to_have_text(WORDS["asked"])
    assert panel(page, LAB).locator("pre:visible, dl").count() == 0
    guess = plain_menu(page, "diagnosis")
    wrong = ALL["low" if hidden != NAMES["low"] else "high"]
    for name, answer in (
        (wrong.name, f"Not yet. {wrong.name} would look like this: {wrong.see}"),
        (hidden, f"Right: {hidden}. It usually looks like this: "),
    ):
        guess.select_option(label=name)
        press(page, "Diagnose")
        expect(status(page, LAB)).to_contain_text(answer)
    expect(panel(page, LAB).locator(".lessons-head")).to_contain_text("1 of 1 mysteries solved")
    expect(panel(page, LAB).locator("dd")).to_have_count(4)
    diagnose = page.get_by_role("button", name="Diagnose")
    diagnose.evaluate("button => button.click()")  # it is off: once is enough
    expect(panel(page, LAB).locator(".lessons-head")).to_contain_text("1 of 1 mysteries solved")
    press(page, "Mystery")
    expect(panel(page, LAB).locator(".lessons-head")).to_contain_text("1 of 2 mysteries solved")


def test_mysteries_are_of_all_kinds_and_no_two_in_a_row_are_the_same(open_page):
    page, met = open_page(LAB), []
    for _ in range(60):
        press(page, "Mystery")
        met.append(secret(page))
    assert all(one != other for one, other in pairwise(met))
    assert len(set(met)) > 6  # of nine


def test_the_number_of_a_mystery_leads_to_what_is_recorded(open_page, path):
    page, secrets = open_page(LAB), read("break_it")["secrets"]
    pairs = {describe_comparison(*healthy_pair(bug, seed), "mystery") for bug, seed in SOUNDS}
    assert set(secrets[:MET]) == set(range(len(ALL)))  # how often is tested of the recording
    for number, place in enumerate(secrets[:MET], 1):
        visit(page, path, f"{LAB}?seed={number % len(SEEDS)}&mystery={number}")
        drawn = drawing(page)
        assert secret(page) == list(NAMES.values())[place]
        # If nothing is wrong, both runs are healthy ones of a recipe, from two seeds.
        assert (drawn in pairs) == (list(NAMES)[place] == SOUND)


MET = 40  # mysteries
SOUNDS = list(product(read("break_it")["bugs"][:-1], SEEDS))


def healthy_pair(bug, seed):
    return [unpacked(bug, 0, start)[0] for start in (seed, seed + APART)]


# --------------------------------------------------------------------------------- addresses


def test_a_link_is_an_experiment(open_page, path):
    page = open_page(f"{LAB}?bug=Forgotten+eval%28%29&seed=7&mystery=none")
    expect_chosen(plain_menu(page, "bug"), "Forgotten eval()")
    expect_chosen(menu(page, LAB, "seed"), "7")
    press(page, "Run")
    before = drawing(page)
    press(page, "Copy link")
    link = panel(page, LAB).locator(".lessons-code").inner_text()
    visit(page, path, place_of(link))
    press(page, "Run")
    assert drawing(page) == before
    visit(page, path, f"{LAB}?bug=Forgotten+eval%28%29&seed=10")
    expect(status(page, LAB)).to_contain_text("seed=10")
    expect_chosen(menu(page, LAB, "seed"), "0")
    expect_chosen(plain_menu(page, "bug"), "Forgotten eval()")


def test_the_other_panels_have_addresses_too(open_page, path):
    page = open_page("01-panel?stories=500&training=60&validation=20&seed=4&stratified=false")
    expect(status(page, "01-panel")).to_contain_text("Training 300, validation 100 and test 100")
    visit(page, path, "02-panel?stories=250&batch_size=64")
    expect(status(page, "02-panel")).to_contain_text("250 stories in batches of 64: 4 iterations")
    visit(page, path, "04-panel?rate=30")
    expect_chosen(menu(page, "04-panel", "learning rate"), "30")
    visit(page, path, "04-panel?rate=31")
    expect(status(page, "04-panel")).to_contain_text("rate=31")


# ----------------------------------------------------------------- pile, batches and the slope

# Sets menus (and the check box) to rows of values, and gives back what the panel says.
SAY = """([id, names, rows]) => {
  const panel = document.getElementById(id);
  history.replaceState = () => {};  // thousands of changes are no experiment of a person
  return rows.map(row => {
    names.forEach((name, i) => {
      const box = panel.querySelector(`[aria-label="${name}, exactly"]`)
        ?? panel.querySelector("[type=checkbox]");
      if (box.type === "checkbox") box.checked = row[i];
      else box.selectedIndex = [...box.options].findIndex(one => one.text === String(row[i]));
      box.dispatchEvent(new Event("input", { bubbles: true }));
    });
    return panel.querySelector(".lessons-status").textContent;
  });
}"""


def say(page, id, names, rows):
    return page.evaluate(SAY, [id, names, rows])


def test_batches_say_what_the_library_says_at_all_stops(open_page):
    page = open_page("02-panel")
    counts, sizes = [1030, *COUNTS], list(SIZES)
    rows = [
        (n, b, r) for n, b in product(counts, sizes) for r in {0, 1, -(-n // b) // 2, -(-n // b)}
    ]
    shown = say(page, "02-panel", ["stories", "batch size", "iteration"], rows)
    for (n, b, r), seen in zip(rows, shown, strict=True):
        assert seen == _describe(n, b, -(-n // b), r)


def test_the_batches_are_drawn_and_read(open_page):
    page = open_page("02-panel?stories=250&batch_size=100")
    strip = panel(page, "02-panel").locator(".lessons-strip")
    expect(strip.locator("> div")).to_have_text(["1", "2", "3"])
    play = page.get_by_role("button", name="Play")
    play.click()
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    expect(status(page, "02-panel")).to_contain_text("That was one epoch.")
    expect(strip.locator("> .lessons-read")).to_have_text(["1", "2", "3"])
    expect(play).to_be_visible()
    play.click()  # from the start, and paused
    page.get_by_role("button", name="Pause").click()
    expect(strip.locator("> .lessons-read")).to_have_text(["1"])
    put(page, "02-panel", "stories", 50)  # a new cut begins anew
    expect(strip.locator("> .lessons-read")).to_have_count(0)


@pytest.mark.parametrize(("stories", "size"), [(250, 100), (1000, 32), (2000, 1)])
def test_a_batch_is_as_wide_as_it_has_stories_and_has_its_number(open_page, stories, size):
    page = open_page(f"02-panel?stories={stories}&batch_size={size}")
    strip = panel(page, "02-panel").locator(".lessons-strip")
    whole = strip.bounding_box()
    boxes = strip.evaluate(
        """strip => [...strip.children].map(one => {
          const box = one.getBoundingClientRect();
          const shown = one.firstChild.getBoundingClientRect();
          return [box.width, box.top, shown.width > 0, shown.width > 0 && shown.bottom <= box.top];
        })"""
    )
    held = [min(size, stories - start) for start in range(0, stories, size)]
    assert [box[0] for box in boxes] == pytest.approx(
        [whole["width"] * one / stories for one in held], abs=0.05
    )
    assert len({top for _, top, *_ in boxes}) == 1  # one strip
    wide = [width > 24 for width, *_ in boxes]
    assert [shown for _, _, shown, _ in boxes] == [*wide[:-1], True]
    assert [above for *_, above in boxes] == [*[False] * (len(boxes) - 1), not wide[-1]]


def piles(seeds):
    stops = product(sizes_up_to(2000), PERCENT, PERCENT, (True, False))
    for place, (size, train, validation, stratified) in enumerate(stops):
        for seed in seeds if len(seeds) < 10 else [place % 10]:
            yield size, train, validation, seed, stratified


def assert_piles(page, rows):
    stories = {size: load("mini-news").pick(range(size)) for size in sizes_up_to(2000)}
    names = ["stories", "training", "validation", "seed", "stratified"]
    for (size, train, validation, seed, stratified), seen in zip(
        rows, say(page, "01-panel", names, rows), strict=True
    ):
        try:
            fractions = shares(train, validation)
            wanted = describe(split(stories[size], fractions, seed, stratified=stratified))
        except ValueError as reason:
            wanted = str(reason)
        assert seen == wanted


def test_the_pile_is_cut_as_the_library_cuts_it_at_all_stops(open_page):
    assert_piles(open_page("01-panel"), list(piles(SEEDS)))


@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
def test_the_pile_is_cut_as_the_library_cuts_it_with_each_seed(open_page, seed):
    assert_piles(open_page("01-panel"), list(piles([seed])))


def test_the_bars_show_the_numbers_of_the_parts(open_page):
    page = open_page("01-panel?stories=200&training=50&validation=25&seed=2&stratified=false")
    stories = load("mini-news").pick(range(200))
    parts = split(stories, (0.5, 0.25, 0.25), 2, stratified=False)
    sizes, classes = panel(page, "01-panel").locator(".lessons-bars").all()
    assert [int(bar) for bar in sizes.locator("span").all_inner_texts()] == [100, 50, 50]
    wanted = [
        100 * part.labels.count(label) / len(part.labels) for label in range(4) for part in parts
    ]
    shown = [float(bar) for bar in classes.locator("span").all_inner_texts()]
    assert shown == pytest.approx(wanted, abs=0.05)
    heights = classes.locator("i").evaluate_all("all => all.map(one => one.clientHeight + 2)")
    assert [height / 130 for height in heights] == pytest.approx(
        [share / max(wanted) for share in wanted], abs=0.02
    )


@pytest.mark.parametrize("rate", RATES)
def test_the_slope_is_walked_down_as_in_the_library(open_page, rate):
    page = open_page(f"04-panel?rate={rate:g}")
    walk = RatePanel()
    walk._rate.value = rate
    steps = 20 if rate <= 10 else 6  # further on, a step so long amplifies the last digits
    for step in range(steps + 1):
        assert_close(status(page, "04-panel").inner_text(), told(walk), units=1)
        label = panel(page, "04-panel").get_by_role("img").first.get_attribute("aria-label")
        assert label.endswith(status(page, "04-panel").inner_text()), step
        press(page, "Step")
        walk.step()
    press(page, "Back to the start")
    walk.reset()
    assert status(page, "04-panel").inner_text() == told(walk)


def told(walk):
    return html.unescape(re.sub("<.*?>", "", walk._status.value))


# -------------------------------------------------------------------------- for everyone


def states(page):
    """Each state of the four panels, one after the other."""
    for id in PANELS:
        panel(page, id).scroll_into_view_if_needed()
        panel(page, id).and_(page.locator(READY)).wait_for()
    yield "begun"
    for key in ("high", "zero_grad", "choice"):
        choose(page, key, 1)
        press(page, "Run")
        yield key
    press(page, "Mystery")
    yield "mystery"
    for name in NAMES.values():  # until one is right
        plain_menu(page, "diagnosis").select_option(label=name)
        page.get_by_role("button", name="Diagnose").evaluate("button => button.click()")
    press(page, "Copy link")
    yield "solved"
    put(page, "01-panel", "stories", 50)
    put(page, "01-panel", "training", 5)
    yield "refused"
    page.get_by_label("stratified").uncheck()
    for size in (20, 1):
        put(page, "02-panel", "batch size", size)
        put(page, "02-panel", "iteration", 3)
        yield f"batches of {size}"
    put(page, "04-panel", "learning rate", 100)
    press(page, "Step")
    press(page, "Step")
    yield "steps"


@pytest.mark.parametrize("width", [1366, 390])
def test_axe_finds_nothing_in_any_state(open_page, width):
    page = open_page(LAB)
    page.set_viewport_size({"width": width, "height": 844})
    for state in states(page):
        for light in in_each_light(page):
            assert findings(page) == [], (state, light)


@pytest.mark.parametrize("width", [390, 320])
def test_no_state_is_wider_than_the_window(open_page, width):
    page = open_page(LAB)
    page.set_viewport_size({"width": width, "height": 844})
    for state in states(page):
        assert page.evaluate("document.documentElement.scrollWidth") <= width, state


def test_all_of_it_by_keyboard(open_page):
    page = open_page(LAB)
    bug = plain_menu(page, "bug")
    bug.focus()
    bug.press("End")
    expect(panel(page, LAB).locator("pre:visible")).to_contain_text("epoch.test.accuracy")
    order = []
    for _ in range(9):
        page.keyboard.press("Tab")
        order.append(
            page.evaluate(
                "document.activeElement.ariaLabel || document.activeElement"
                ".labels?.[0]?.firstChild.textContent || document.activeElement.textContent"
            )
        )
    controls = ["seed", "seed, exactly", "Run", "Stop", "Mystery", "Copy link"]
    assert order == [*controls, "diagnosis", "Diagnose", "Tell me"]
    panel(page, LAB).get_by_label("seed", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect_chosen(menu(page, LAB, "seed"), "1")
    page.get_by_role("button", name="Run").focus()
    page.keyboard.press("Enter")
    expect(status(page, LAB)).to_contain_text("Finished.")
    expect(page.get_by_role("button", name="Run")).to_be_focused()
    page.get_by_label("stratified").focus()
    page.keyboard.press("Space")
    expect(page.get_by_label("stratified")).not_to_be_checked()
    page.get_by_role("button", name="Step").focus()
    page.keyboard.press("Enter")
    expect(status(page, "04-panel")).to_contain_text("Step 1:")

// The training lab and some questions, used in Firefox: node lab.mjs FIREFOX ADDRESS PICTURE TROUBLE
// It fails with words for what was awaited in vain or went wrong. PICTURE is a file for the page as
// it is in the end, TROUBLE a selector of what no cell may hold.
import assert from "node:assert/strict";
import puppeteer from "puppeteer-core";

const [firefox, address, picture, trouble] = process.argv.slice(2);
const browser = await puppeteer.launch({ browser: "firefox", executablePath: firefox });
const page = await browser.newPage();
const problems = [];
page.on("pageerror", (error) => problems.push(error.message));
page.setDefaultTimeout(60_000);

// Wait until an element of the panels shows this text, and return it.
const shows = (selector, text) =>
  page
    .waitForFunction(
      (selector, text) =>
        [...document.querySelectorAll(`.lessons-panel ${selector}`)].find((element) =>
          element.textContent.includes(text)
        ),
      {},
      selector,
      text
    )
    .catch(() => assert.fail(`waited in vain until ${selector} shows: ${text}`));

// The control that has this label.
const control = async (name) => page.evaluateHandle((label) => label.control, await shows("label", name));

const value = (element) => element.evaluate((input) => input.value);
const press = async (name) => (await shows("button", name)).click();
const focused = (property) => page.evaluate((property) => document.activeElement[property], property);

async function openAndRunAll() {
  await page.setViewport({ width: 1366, height: 1500 });
  await page.goto(address);
  await page.waitForFunction(() => {
    const kernel = globalThis.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
    return kernel?.connectionStatus === "connected" && kernel.status === "idle";
  });
  await page.evaluate(() => jupyterapp.commands.execute("notebook:run-all-cells"));
  await shows("button", "Train");
  await page.waitForSelector(".jp-Notebook-ExecutionIndicator[data-status='idle']");
  assert.deepEqual(await page.$$eval(trouble, (found) => found.map((one) => one.textContent)), []);
}

async function moveASliderByArrowKeys() {
  const handle = await page.waitForSelector(".noUi-handle[aria-label='epochs']");
  const epochs = await control("epochs, as a number");
  await handle.focus();
  for (const [key, expected] of [["ArrowRight", "11"], ["ArrowRight", "12"], ["ArrowLeft", "11"]]) {
    await page.keyboard.press(key);
    await page.waitForFunction((box, value) => box.value === value, {}, epochs, expected);
  }
  assert.equal(await handle.evaluate((handle) => handle.getAttribute("aria-valuetext")), "11");
}

async function trainAndStop() {
  const size = await control("batch size, as a number");
  await size.click({ count: 3 });
  await page.keyboard.type("64\n");
  await (await shows("label", "slow motion")).click();
  const drawing = await page.waitForSelector(".lessons-panel [role=img]");
  const before = await drawing.evaluate((drawing) => drawing.ariaLabel);
  await press("Train");
  await shows("[role=status]", "Epoch 1:");
  await press("Stop");
  await shows("[role=status]", "Stopped after");
  await shows("td", "of 11");
  assert.equal(await value(size), "64");
  const now = await page.$eval(".lessons-panel [role=img]", (drawing) => drawing.ariaLabel);
  assert.notEqual(now, before);
  assert.match(now, /^Loss and accuracy over the epochs\. After epoch \d+: training loss \d/);
}

async function answerByArrowKeys() {
  const first = await page.waitForSelector(".lessons-panel [role=radiogroup] input");
  await first.focus();
  await page.keyboard.press(" ");
  await page.keyboard.press("ArrowDown");
  assert.ok(await focused("checked"), "the arrow key has not chosen the next option");
  const group = await focused("name");
  await page.keyboard.press("Tab");
  assert.equal(await focused("type"), "radio");
  assert.notEqual(await focused("name"), group, "Tab has not left the question");
  await page.keyboard.press(" ");
  await page.waitForFunction((group) => document.getElementsByName(group)[1].checked, {}, group);
  await shows(".lessons-head", "1 of");  // the second option of the first question is right
}

try {
  await openAndRunAll();
  await moveASliderByArrowKeys();
  await trainAndStop();
  await answerByArrowKeys();
  assert.deepEqual(problems, [], "errors on the page");
} finally {
  await page.screenshot({ path: picture });
  await browser.close();
}

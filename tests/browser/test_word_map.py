"""The map of the words in a real browser: by keyboard alone, and by a word that is typed."""

import re

from jupyter_browser import serious, status
from playwright.sync_api import expect


def test_words_move_by_keyboard_and_a_word_can_be_asked_for(page, show):
    show("from lessons.panels import *\nWordMapPanel()")
    assert serious(page, ".lessons-panel") == []
    drawing = page.locator(".lessons-panel [role=img]")
    before = re.compile("Before training, the words of all topics lie near the middle.")
    expect(drawing).to_have_attribute("aria-label", before)
    page.get_by_role("slider", name="epoch").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    after = re.compile("After epoch 5, the words of World lie at the upper left")
    expect(drawing).to_have_attribute("aria-label", after)
    word = page.get_by_label("word", exact=True)
    for text, answer in (("bank", "nearest to “bank”"), ("zzzz", "does not know 'zzzz'")):
        word.fill(text)
        word.press("Enter")
        expect(status(page)).to_contain_text(answer)
    assert serious(page, ".lessons-panel") == []

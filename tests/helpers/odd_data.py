"""Data of every kind that people bring along: few stories, 2 or 150 classes, other languages.

Each text is cut from a few word lists and is a little noisy, so that a model can learn it, but
not perfectly. The same source gives the same file every time.
"""

import csv
from itertools import product
from pathlib import Path
from random import Random
from typing import NamedTuple

NOISE = 0.15  # the share of class words that come from another class


class Source(NamedTuple):
    """How to write a CSV file of one odd kind."""

    stories: int
    topics: dict[str, str]  # the name of each class, and its words
    common: str  # words of no class
    largest: float | None = None  # the share of the first class; None: all are alike
    gap: str = " "  # between two words
    end: str = "."
    tokens: str | None = None  # what to cut the texts into, where words don't do

    def write(self, path: Path) -> None:
        """Write the file, with the columns text and label."""
        random = Random(0)
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["text", "label"])
            for label in self._labels(random):
                rows.writerow([self._text(label, random), label])

    def _labels(self, random: Random) -> list[str]:
        names = list(self.topics)
        largest = round((self.largest or 0) * self.stories)
        others = names[1:] if largest else names
        rest = (others * self.stories)[: self.stories - largest]
        labels = [names[0]] * largest + rest
        random.shuffle(labels)
        return labels

    def _text(self, label: str, random: Random) -> str:
        words = random.choices(self.common.split(), k=7)
        for _ in range(4):
            topic = random.choice(list(self.topics)) if random.random() < NOISE else label
            word = random.choice(self.topics[topic].split())
            words.insert(random.randint(0, len(words)), word)
        return self.gap.join(words) + self.end


ENGLISH = {
    "Cooking": "oven soup bread salt pepper recipe kitchen onion butter sauce",
    "Gardens": "rose seed soil tulip compost hedge lawn spade weed greenhouse",
    "Music": "violin choir drum melody concert piano singer trumpet rhythm album",
    "Travel": "train hotel passport island ferry luggage map museum beach tour",
}
COMMON = "the a new old small first again today people many of in with for and after before two"
SYLLABLES = ("ba", "ke", "li", "mo", "nu", "ra", "si", "to", "vu", "we", "ja", "do", "pi")
INVENTED = ["".join(pair) for pair in product(SYLLABLES, SYLLABLES)][:150]
SPANISH = {
    "Economía": "banco precio mercado empresa inversión deuda salario bolsa ventas impuesto",
    "Deportes": "gol equipo partido entrenador campeón estadio delantero liga medalla carrera",
    "Ciencia": "planeta célula científico vacuna telescopio energía átomo investigación robot año",
    "Mundo": "presidente elección frontera embajada guerra paz gobierno tratado ministro ley",
}
SPANISH_COMMON = "el la un una nuevo según ayer mañana después también con para por más dos niño"
GERMAN = {
    "Wirtschaft": "Börse Aktie Umsatz Währung Steuer Bank Löhne Geschäft Verkäufer Preise",
    "Sport": "Tor Stürmer Mannschaft Pokal Trainer Läufer Medaille Stadion Spiel Liga",
    "Wissenschaft": "Forscher Zelle Fernrohr Impfstoff Planet Gerät Messung Strom Roboter Körper",
    "Außenpolitik": "Präsident Wahl Grenze Botschaft Krieg Frieden Vertrag Minister Gespräche Land",
}
GERMAN_COMMON = "der die das ein neue über für nach heute gestern große später und mit zwei öfter"
CHINESE = {
    "财经": "银行 股票 市场 公司 价格 投资 税收 工资 贸易 债务",
    "体育": "进球 球队 比赛 教练 冠军 球场 联赛 奖牌 赛跑 前锋",
    "科技": "行星 细胞 疫苗 望远镜 机器人 能源 原子 研究 电脑 芯片",
    "国际": "总统 选举 边境 大使馆 战争 和平 政府 条约 部长 法律",
}
CHINESE_COMMON = "今天 昨天 新的 很多 已经 可以 之后 以前 他们 我们 这个 两个 第一 还有 因为 地方"

SOURCES = {
    "few": Source(200, ENGLISH, COMMON),
    "two": Source(1000, {name: ENGLISH[name] for name in ("Music", "Travel")}, COMMON),
    "many": Source(
        4500, {f"Topic {one}": f"{one}na {one}sh {one}kt {one}mp" for one in INVENTED}, COMMON
    ),
    "lopsided": Source(2000, ENGLISH, COMMON, largest=0.9),
    "spanish": Source(1200, SPANISH, SPANISH_COMMON),
    "german": Source(1200, GERMAN, GERMAN_COMMON),
    "chinese": Source(
        1200,
        CHINESE,
        CHINESE_COMMON,
        gap="",
        end="。",
        tokens="characters",
    ),
}

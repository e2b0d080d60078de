"""What is told of a scene: every object with its colour and nothing else, from left to right, or two kinds in how they stand."""
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import permutations

from world import COLORS, NAMES, PLACES, plural_of, stands, with_article

NUMBERS = ["no", "one", "two", "three", "four", "five", "six"]
PHRASINGS = ["{}", "{}", "{}", "there {is} {}", "we see {}", "{} in the picture"]
WORDS = {form: name for name in NAMES for form in (name, plural_of(name))}


@dataclass
class Description:
    groups: list    # of objects alike: (color, name, how many)
    phrasing: str
    place: str = ""  # how the first of two groups stands to the second

    def text(self):
        told = [with_article(f"{color} {name}") if count == 1 else f"{NUMBERS[count]} {color} {plural_of(name)}"
                for color, name, count in self.groups]
        if self.place:
            said = f" {self.place} ".join(told)
        else:
            said = " and ".join(part for part in (", ".join(told[:-1]), told[-1]) if part)
        return self.phrasing.replace("{is}", "is" if self.groups[0][2] == 1 else "are").replace("{}", said)


def described(scene, rng):
    order = sorted(scene.objects, key=lambda item: item.center[0])
    counts = Counter((item.color, item.name) for item in order)  # in the order of the first of each
    description = Description([(*pair, count) for pair, count in counts.items()], rng.choice(PHRASINGS))
    if len(counts) != 2 or rng.random() < 0.5:
        return description
    members = {pair: [item for item in scene.objects if (item.color, item.name) == pair] for pair in counts}
    holding = [(first, second, place) for first, second in permutations(counts) for place in PLACES
               if all(stands(one, place, other, scene.size) for one in members[first] for other in members[second])]
    if not holding:
        return description
    first, second, place = rng.choice(holding)
    return replace(description, groups=[(*first, counts[first]), (*second, counts[second])], place=place)


def with_a_fault(description, fault, scene, pairs, rng):
    """Another "color" or "name" for one group, as nothing in the scene is; the scene's own pairs and those held out are not said."""
    there = {(item.color, item.name) for item in scene.objects}
    changed = rng.randrange(len(description.groups))
    color, name, count = description.groups[changed]
    others = [pair for pair in pairs if pair not in there and (pair[1] == name if fault == "color" else pair[0] == color)]
    groups = list(description.groups)
    groups[changed] = (*rng.choice(others), count)
    return replace(description, groups=groups)


def named_objects(caption):
    """Counts of (color, name) in a caption; None for a colour that does not stand before its name."""
    words = re.findall(r"[a-z]+", caption.lower())
    counts = Counter()
    for place, word in enumerate(words):
        if word not in WORDS:
            continue
        color = words[place - 1] if place > 0 and words[place - 1] in COLORS else None
        before = place - (1 if color is None else 2)
        number = words[before] if before >= 0 else ""
        counts[color, WORDS[word]] += NUMBERS.index(number) if number in NUMBERS else 1
    return counts

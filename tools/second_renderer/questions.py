"""Questions about a scene and their answers. They come out even: yes as often as no, many as often as few; and a colour that is asked
for in vain goes with a name that is there."""
from itertools import permutations
from typing import NamedTuple, Optional

from world import COLORS, NAMES, PLACES, plural_of, stands, with_article

TEMPLATES = {
    "count": ["How many {S} are there?", "How many {S} do you see?", "What is the number of {S}?", "Count the {S}."],
    "exist": ["Is there {a}?", "Do you see {a}?", "Are there any {S}?", "Is there {a} in the picture?"],
    "color": ["What color is the {s}?", "Which color is the {s}?", "What colour does the {s} have?", "What is the color of the {s}?"],
    "relation": ["Is the {s} {where} the {r}?", "Do you see the {s} {where} the {r}?"],
    "what": ["What is {where} the {r}?", "Which thing is {where} the {r}?", "What do you see {where} the {r}?"],
    "compare": ["Are there {more} {S} than {R}?", "Do you see {more} {S} than {R}?"],
    "exist_relation": ["Is there {a} {where} {b}?", "Do you see {a} {where} {b}?", "Are there any {S} {where} {b}?",
                       "Is there {a} {where} {b} in the picture?"],
}
OPPOSITE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
WORDS = {"left of": ["left of", "to the left of"], "right of": ["right of", "to the right of"], "above": ["above"],
         "below": ["below", "under"]}
COUNT_WEIGHTS = [2, 2, 5, 9, 12]  # of asking for what there are 0 to 3, and 4 or more, of: scenes rarely hold many of a kind


class Query(NamedTuple):
    """Things of a colour, of a name, or of both."""
    color: Optional[str]
    name: Optional[str]

    def fits(self, item):
        return self.color in (None, item.color) and self.name in (None, item.name)

    def phrase(self, plural=False):
        noun = self.name or "thing"
        return " ".join(part for part in (self.color, plural_of(noun) if plural else noun) if part)


class Asker:
    """Of each type at most one question, those that the scene allows."""

    def __init__(self, scene, pairs, rng):
        self.objects, self.size, self.rng = scene.objects, scene.size, rng
        there = {item.name for item in scene.objects}
        self.queries = [[Query(None, name) for name in NAMES], [Query(color, None) for color in COLORS],
                        [Query(color, name) for color, name in pairs if name in there]]

    def questions(self):
        asked = [kind() for kind in (self.count, self.exist, self.color, self.relation, self.what, self.compare, self.exist_relation)]
        asked = [question for question in asked if question]
        self.rng.shuffle(asked)
        return asked

    def count(self):
        wanted, queries = self.rng.choices(range(5), COUNT_WEIGHTS)[0], self.rng.choice(self.queries)
        subject = self.drawn(query for query in queries if min(self.how_many(query), 4) == wanted)
        return subject and self.worded("count", self.how_many(subject), subject)

    def exist(self):
        yes, queries = self.rng.random() < 0.5, self.rng.choice(self.queries)
        subject = self.drawn(query for query in queries if (self.how_many(query) > 0) == yes)
        return subject and self.worded("exist", yes, subject)

    def color(self):
        item = self.drawn(item for item in self.objects if self.how_many(Query(None, item.name)) == 1)
        return item and self.worded("color", item.color, Query(None, item.name))

    def relation(self):
        pair = self.drawn(pair for pair in self.standing() if self.unique(pair[0]) and self.unique(pair[2]))
        if not pair:
            return None
        one, place, other = pair
        yes = self.rng.random() < 0.5
        return self.worded("relation", yes, self.unique(one), self.unique(other), place if yes else OPPOSITE[place])

    def what(self):
        """The one thing in its place of another, where all the rest are clearly on the other side."""
        alone = lambda one, place, other: all(item is one or item is other or stands(item, OPPOSITE[place], other, self.size)
                                              for item in self.objects)
        pair = self.drawn(pair for pair in self.standing() if alone(*pair) and self.unique(pair[2]))
        return pair and self.worded("what", pair[0].name, reference=self.unique(pair[2]), place=pair[1])

    def compare(self):
        queries = self.rng.choice(self.queries)
        subject = self.drawn(query for query in queries if self.how_many(query))
        missing = self.rng.random() < 1 / 3
        reference = subject and self.drawn(query for query in queries if (self.how_many(query) == 0) == missing)
        if not reference or self.how_many(subject) == self.how_many(reference):
            return None
        if self.rng.random() < 0.5:
            subject, reference = reference, subject
        more = self.rng.random() < 0.75
        yes = (self.how_many(subject) > self.how_many(reference)) == more
        return self.worded("compare", yes, subject, reference, more="more" if more else "fewer")

    def exist_relation(self):
        """Asked only where both answers could be: no is that they stand the other way round, or that one has another colour."""
        for one, place, other in self.shuffled(self.standing()):
            subject, reference = (self.rng.choice([Query(None, item.name), Query(item.color, item.name)]) for item in (one, other))
            if subject == reference:
                continue
            false = (self.recolored if self.rng.random() < 0.5 else self.reversed)(subject, reference, place)
            if false:
                yes = self.rng.random() < 0.5
                return self.worded("exist_relation", yes, *((subject, reference, place) if yes else false))
        return None

    def recolored(self, subject, reference, place):
        changed = self.drawn(query for query in (subject, reference) if query.color)
        absent = changed and self.drawn(query for query in self.queries[2] if query.name == changed.name and not self.how_many(query))
        return absent and (*(absent if query == changed else query for query in (subject, reference)), place)

    def reversed(self, subject, reference, place):
        fitting = [(one, other) for one, other in permutations(self.objects, 2) if subject.fits(one) and reference.fits(other)]
        if all(stands(one, place, other, self.size) for one, other in fitting):
            return subject, reference, OPPOSITE[place]
        return None

    def standing(self):
        return [(one, place, other) for one, other in permutations(self.objects, 2) for place in PLACES
                if stands(one, place, other, self.size)]

    def unique(self, item):
        """The name, or colour and name, that fits this thing alone."""
        return self.drawn(query for query in (Query(None, item.name), Query(item.color, item.name)) if self.how_many(query) == 1)

    def how_many(self, query):
        return sum(query.fits(item) for item in self.objects)

    def shuffled(self, choices):
        choices = list(choices)
        self.rng.shuffle(choices)
        return choices

    def drawn(self, choices):
        choices = list(choices)
        return self.rng.choice(choices) if choices else None

    def worded(self, kind, answer, subject=Query(None, None), reference=Query(None, None), place="", more=""):
        if isinstance(answer, bool):
            answer = "yes" if answer else "no"
        text = self.rng.choice(TEMPLATES[kind]).format(
            s=subject.phrase(), S=subject.phrase(plural=True), a=with_article(subject.phrase()),
            r=reference.phrase(), R=reference.phrase(plural=True), b=with_article(reference.phrase()),
            more=more, where=self.rng.choice(WORDS[place]) if place else "")
        return {"question": text, "answer": str(answer), "type": kind}


def counting_question(objects, pairs, rng):
    """Of a thing that is there or not, with or without a colour, each by a coin."""
    colored, there = rng.random() < 0.5, rng.random() < 0.5
    matches = lambda item, color, name: item.name == name and (not colored or item.color == color)
    while True:
        color, name = rng.choice([(item.color, item.name) for item in objects] if there else pairs)
        count = sum(matches(item, color, name) for item in objects)
        if there == (count > 0):
            break
    what = f"{color} {plural_of(name)}" if colored else plural_of(name)
    return {"question": f"How many {what} are there?", "answer": str(count), "type": "count"}

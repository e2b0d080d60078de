#include "omma/data/judgement.h"

#include <algorithm>
#include <cmath>

namespace omma {
namespace {

constexpr int uncounted = 1000;  // a crowd

Verdict both(Verdict a, Verdict b) { return std::min(a, b); }
Verdict opposite(Verdict verdict) { return static_cast<Verdict>(2 - static_cast<int>(verdict)); }
Verdict verdict(bool yes, bool no) { return yes ? Verdict::yes : no ? Verdict::no : Verdict::undecided; }

float across(const Box& box) { return (box.x0 + box.x1) / 2; }
float down(const Box& box) { return (box.y0 + box.y1) / 2; }
float extent(const Box& box) { return std::max(box.width(), box.height()); }

// A centre that is said to be at the beginning (-1), in the middle (0) or at the end (1) of a side.
Verdict stands(float centre, int where) {
  constexpr float surely_aside = .42F, half = .5F, surely_middle = .2F, not_middle = .34F;
  if (where > 0) centre = 1 - centre;
  if (where != 0) return verdict(centre <= surely_aside, centre >= half);
  const float off = std::abs(centre - half);
  return verdict(off <= surely_middle, off >= not_middle);
}

// As in the world (scene.h) where it is clear, with boxes that are rounded and partly covered.
Verdict stands(Relation relation, const Box& first, const Box& second) {
  constexpr float margin = .078F, larger = 1.2F;
  const auto beyond = [](float gap) { return verdict(gap >= margin, gap <= 0); };
  switch (relation) {
    case Relation::left_of:
      return beyond(across(second) - across(first));
    case Relation::right_of:
      return beyond(across(first) - across(second));
    case Relation::above:
      return beyond(down(second) - down(first));
    case Relation::below:
      return beyond(down(first) - down(second));
    case Relation::larger:
      return verdict(extent(first) >= larger * extent(second), extent(first) <= extent(second));
    case Relation::smaller:
      return verdict(extent(second) >= larger * extent(first), extent(second) <= extent(first));
  }
  return Verdict::undecided;
}

Verdict fits(const Mention& mention, const SeenObject& object) {
  if (std::ranges::find(mention.names, object.name) == mention.names.end()) return Verdict::no;
  if (mention.color && object.color >= 0 && *mention.color != object.color) return Verdict::no;
  Verdict result = (mention.color && object.color < 0) || !mention.size.empty() ? Verdict::undecided : Verdict::yes;
  if (mention.place && mention.place->across) result = both(result, stands(across(object.box), *mention.place->across));
  if (mention.place && mention.place->down) result = both(result, stands(down(object.box), *mention.place->down));
  return result;
}

// How many there are at least and at most.
struct Count {
  int least = 0, most = 0;

  void add(Verdict verdict, bool crowd = false) {
    least += verdict == Verdict::yes;
    most += verdict == Verdict::no ? 0 : crowd ? uncounted : 1;
  }
};

Count count_of(const Mention& mention, std::span<const SeenObject> objects) {
  Count count;
  for (const SeenObject& object : objects) count.add(fits(mention, object), object.crowd);
  return count;
}

Verdict compare(const Count& count, const Mention& mention) {
  if (!mention.exact) return verdict(count.least >= mention.count, count.most < mention.count);
  return verdict(count.least == mention.count && count.most == mention.count,
                 mention.count < count.least || mention.count > count.most);
}

Verdict judge_color(const Statement& statement, std::span<const SeenObject> objects) {
  int right = 0, wrong = 0;
  for (const SeenObject& object : objects) {
    if (fits(statement.subject, object) == Verdict::no) continue;
    if (object.color < 0) return Verdict::undecided;
    ++(object.color == statement.color ? right : wrong);
  }
  const bool any = !statement.subject.definite && right > 0;
  return verdict(any || (right > 0 && wrong == 0), right == 0 && wrong > 0);
}

Verdict judge_relation(const Statement& statement, std::span<const SeenObject> objects) {
  if (count_of(statement.subject, objects).most == 0 || count_of(statement.reference, objects).most == 0)
    return statement.negated ? Verdict::no : Verdict::undecided;
  Count count;
  for (const SeenObject& first : objects) {
    Verdict best = Verdict::no;
    for (const SeenObject& second : objects) {
      if (&first == &second) continue;
      const Verdict pair = both(fits(statement.subject, first), fits(statement.reference, second));
      best = std::max(best, both(pair, stands(statement.relation, first.box, second.box)));
    }
    count.add(best, first.crowd);
  }
  const int wanted = statement.subject.exact ? statement.subject.count : 1;
  return verdict(count.least >= wanted, count.most < wanted);
}

Verdict judge_extreme(const Statement& statement, std::span<const SeenObject> objects) {
  Verdict best = Verdict::no;
  for (const SeenObject& candidate : objects) {
    Verdict own = fits(statement.subject, candidate);
    for (const SeenObject& other : objects)
      if (&other != &candidate && fits(statement.reference, other) != Verdict::no)
        own = both(own, stands(statement.relation, candidate.box, other.box));
    best = std::max(best, own);
  }
  return best;
}

Verdict judge_plainly(const Statement& statement, std::span<const SeenObject> objects) {
  const auto more = [](const Count& a, const Count& b) { return verdict(a.least > b.most, a.most <= b.least); };
  switch (statement.kind) {
    case Statement::Kind::exists:
      return compare(count_of(statement.subject, objects), statement.subject);
    case Statement::Kind::color:
      return judge_color(statement, objects);
    case Statement::Kind::relation:
      return judge_relation(statement, objects);
    case Statement::Kind::more:
      return more(count_of(statement.subject, objects), count_of(statement.reference, objects));
    case Statement::Kind::fewer:
      return more(count_of(statement.reference, objects), count_of(statement.subject, objects));
    case Statement::Kind::extreme:
      return judge_extreme(statement, objects);
  }
  return Verdict::undecided;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  return verdict == Verdict::yes ? "true" : verdict == Verdict::no ? "false" : "undecided";
}

Verdict judge(const Statement& statement, std::span<const SeenObject> objects) {
  const Verdict plain = judge_plainly(statement, objects);
  return statement.negated ? opposite(plain) : plain;
}

}  // namespace omma

#include "tests/unit/agent/question_rules.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "omma/agent/tools/detect_objects.h"
#include "omma/base/error.h"
#include "omma/vision/run_lengths.h"

namespace omma::testing {

namespace {

constexpr double clear_edge = 0.02, clear_size = 1.05;

using Objects = std::vector<std::size_t>;  // places in the picture's list

class Rule {
 public:
  Rule(const json& why, const SeenPicture& picture) : picture_(picture), op_(why.at(0)) {
    for (std::size_t i = 1; i < why.size(); ++i) words_.push_back(why[i]);
  }

  json answer() const {
    if (op_ == "kinds") return {{"names", names_of(fitting("anything"))}};
    if (op_ == "count") return {{"number", count_of_all()}};
    if (op_ == "exists") return {{"yes", !fitting(word(0)).empty()}};
    if (op_ == "color") return {{"color", object(only(word(0))).color}};
    if (op_ == "is_color" || op_ == "all_color") return {{"yes", all_have_color()}};
    if (op_ == "place" || op_ == "side") return where(only(word(0)), op_ == "side");
    if (op_ == "related") return {{"names", names_of(related())}};
    if (op_ == "relation") return {{"yes", holds(only(word(1)), only(word(2)))}};
    if (op_ == "some") return {{"yes", some_holds()}};
    if (op_.starts_with("near")) return nearer();
    if (op_.starts_with("edge")) return at_edge();
    if (op_.starts_with("share") || op_.starts_with("mask")) return cut_out();
    if (op_.starts_with("larg") || op_.starts_with("small")) return by_size();
    return compared();
  }

 private:
  std::string word(std::size_t at) const { return words_.at(at); }
  const KnownObject& object(std::size_t at) const { return picture_.objects[at].object; }

  Objects fitting(const std::string& phrase) const {
    const std::string plain = picture_.names.plain(phrase);
    Objects fit;
    for (std::size_t i = 0; i < picture_.objects.size(); ++i) {
      const std::string name = picture_.names.plain(object(i).name), color = object(i).color + " ";
      if (plain == name || plain == color + name || plain == "thing" || plain == color + "thing") fit.push_back(i);
    }
    return fit;
  }

  std::size_t only(const std::string& phrase) const {
    const Objects fit = fitting(phrase);
    check(fit.size() == 1, "{}: expected one, got {}", phrase, fit.size());
    return fit[0];
  }

  std::vector<std::string> names_of(const Objects& objects) const {
    std::set<std::string> names;
    for (const std::size_t i : objects) names.insert(picture_.names.plain(object(i).name));
    return {names.begin(), names.end()};
  }

  std::size_t count_of_all() const {
    std::set<std::size_t> all;
    for (const std::string& phrase : words_)
      for (const std::size_t i : fitting(phrase)) all.insert(i);
    return all.size();
  }

  bool all_have_color() const {
    if (op_ == "is_color") only(word(0));
    return std::ranges::all_of(fitting(word(0)), [&](std::size_t i) { return object(i).color == word(1); });
  }

  // By the word that was asked for, or its colour where both have one name.
  json which(const std::string& phrase, const std::string& other) const {
    const auto name_in = [&](const std::string& text) { return picture_.names.said_in(text).back(); };
    if (name_in(phrase) == name_in(other)) return {{"color", phrase.substr(0, phrase.find(' '))}};
    return {{"name", phrase}};
  }

  json compared() const {
    const std::size_t a = fitting(word(0)).size(), b = fitting(word(1)).size();
    if (op_ == "more") return {{"yes", a > b}};
    if (op_ == "fewer") return {{"yes", a < b}};
    if (op_ == "same") return {{"yes", a == b}};
    check(a > b || (op_ == "more_of" && a != b), "{}: {} and {}", op_, a, b);
    if (op_ == "difference") return {{"number", a - b}};
    check(op_ == "more_of", "unknown rule {}", op_);
    return a > b ? which(word(0), word(1)) : which(word(1), word(0));
  }

  bool holds(std::size_t a, std::size_t b) const {
    const auto relations = relations_of(object(a).box, object(b).box, picture_.size);
    return std::ranges::count(relations, word(0)) > 0;
  }

  bool some_holds() const {
    const Objects subjects = fitting(word(1)), references = fitting(word(2));
    return std::ranges::any_of(subjects, [&](std::size_t a) {
      return std::ranges::any_of(references, [&](std::size_t b) { return a != b && holds(a, b); });
    });
  }

  Objects related() const {
    const std::size_t reference = only(word(1));
    Objects others = fitting("anything");
    std::erase_if(others, [&](std::size_t i) { return i == reference || !holds(i, reference); });
    check(!others.empty(), "related: there is nothing");
    return others;
  }

  json where(std::size_t at, bool side) const {
    const Box& box = object(at).box;
    if (!side) return {{"place", place_of(box, picture_.size)}};
    return {{"side", box.x0 + box.x1 < static_cast<float>(picture_.size.width) ? "left" : "right"}};
  }

  double gap(std::size_t at) const {
    const Box& box = object(at).box;
    const double width = picture_.size.width, height = picture_.size.height;
    if (word(0) == "left") return box.x0 / width;
    if (word(0) == "right") return 1 - box.x1 / width;
    return word(0) == "top" ? box.y0 / height : 1 - box.y1 / height;
  }

  // The first by `order`, which must be told from the second.
  static std::size_t first_of(Objects objects, const std::function<double(std::size_t)>& order,
                              const std::function<bool(double, double)>& is_clear) {
    check(!objects.empty(), "expected something to choose from");
    std::ranges::sort(objects, {}, order);
    check(objects.size() == 1 || is_clear(order(objects[0]), order(objects[1])), "the first two are too much alike");
    return objects[0];
  }

  std::size_t edgemost(const Objects& objects) const {
    return first_of(objects, [&](std::size_t i) { return gap(i); }, [](double a, double b) { return b - a >= clear_edge; });
  }

  json nearer() const {
    const std::size_t a = only(word(1)), b = only(word(2));
    const bool first = edgemost({a, b}) == a;
    if (op_ == "nearer") return {{"yes", first}};
    return {{"name", first ? word(1) : word(2)}};
  }

  json at_edge() const {
    if (op_ == "edge_name") return {{"name", picture_.names.plain(object(edgemost(fitting("anything"))).name)}};
    const std::size_t first = edgemost(fitting(word(1)));
    return op_ == "edge_color" ? json{{"color", object(first).color}} : where(first, true);
  }

  // By the pixels where they are known, else by the box.
  double size_of(std::size_t at) const {
    const RunLengths& mask = picture_.objects[at].mask;
    return mask.counts.empty() ? object(at).box.area() : static_cast<double>(area(mask));
  }

  std::size_t extreme(const Objects& objects, bool smallest) const {
    return first_of(
        objects, [&](std::size_t i) { return smallest ? size_of(i) : 1 / size_of(i); },
        [](double a, double b) { return b >= clear_size * a; });
  }

  json by_size() const {
    Objects objects;
    for (const std::string& phrase : words_)
      for (const std::size_t i : fitting(phrase)) objects.push_back(i);
    if (words_.empty()) objects = fitting("anything");
    const std::size_t one = extreme(objects, op_.starts_with("small"));
    if (op_ == "larger_of") return {{"name", fitting(word(0)) == Objects{one} ? word(0) : word(1)}};
    if (op_.ends_with("color")) return {{"color", object(one).color}};
    return op_.ends_with("place") ? where(one, false) : json{{"name", picture_.names.plain(object(one).name)}};
  }

  json cut_out() const {
    Objects objects = fitting(word(0));
    check(!objects.empty(), "{}: expected something to cut out", word(0));
    if (op_.ends_with("largest") || op_.ends_with("smallest")) objects = {extreme(objects, op_.ends_with("smallest"))};
    if (op_.starts_with("mask")) return {{"mask", objects}};
    std::vector<RunLengths> masks;
    for (const std::size_t i : objects) masks.push_back(picture_.objects[i].mask);
    return {{"share", 100.0 * static_cast<double>(area(union_of(masks))) / (1.0 * picture_.size.width * picture_.size.height)}};
  }

  const SeenPicture& picture_;
  std::string op_;
  std::vector<std::string> words_;
};

}  // namespace

json answer_by_rule(const json& why, const SeenPicture& picture) {
  if (why.at(0) == "at") return answer_by_rule(why.at(2), picture);
  if (why.at(0) != "all") return Rule(why, picture).answer();
  json parts = json::array();
  for (std::size_t i = 1; i < why.size(); ++i) parts.push_back(answer_by_rule(why[i], picture));
  return {{"all", parts}};
}

}  // namespace omma::testing

#include <algorithm>
#include <array>

#include "omma/data/world/language.h"

namespace omma {
namespace {

// What is written in place of each word between braces:
//   {list} all objects with colours, grouped; {names} without colours; {is}, {are} the verb that agrees with the one or the other
//   {some} one group with its colour; {sized} with its size word, too; {count} "three objects"
//   {a} {where} {b} two objects described uniquely and their relation in space
//   {x} {size} {b}  the same with their relation in size
constexpr std::array<std::string_view, 26> templates = {
    "{list}",
    "a picture of {list}",
    "an image of {list}",
    "a drawing with {list}",
    "there {is} {list}",
    "this picture shows {list}",
    "{list} in one picture",
    "a scene with {list}",
    "we see {list}",
    "{names}",
    "a picture of {names}",
    "here we can see {names}",
    "in this image there {are} {names}",
    "{count}: {list}",
    "a picture with {count}: {names}",
    "{count} in a picture",
    "{some}, among other things",
    "a picture that shows {some} and more",
    "{a} {where} {b}",
    "{a} is {where} {b}",
    "a picture of {a} {where} {b}",
    "in this scene {a} is {where} {b}",
    "{x} is {size} {b}",
    "a picture with {x} that is {size} {b}",
    "{sized}",
    "a picture with {sized}",
};

struct Group {
  ObjectQuery query;
  std::vector<int> objects;
};

// The objects by name, or by name and colour, in the order in which they first appear.
std::vector<Group> group_objects(const Scene& scene, bool colors) {
  std::vector<Group> groups;
  for (int i = 0; i < static_cast<int>(scene.objects.size()); ++i) {
    const WorldObject& object = scene.objects[static_cast<std::size_t>(i)];
    const auto same = [&](const Group& group) {
      return group.query.name == object.name && group.query.color.value_or(object.color) == object.color;
    };
    if (const auto found = std::find_if(groups.begin(), groups.end(), same); found != groups.end()) {
      found->objects.push_back(i);
    } else {
      const std::optional<int> color = colors ? std::optional<int>(object.color) : std::nullopt;
      groups.push_back({{.name = object.name, .color = color, .size = ""}, {i}});
    }
  }
  return groups;
}

// Two objects, each described so that nothing else fits, and how the first stands to the second.
struct Pair {
  int first, second;
  ObjectQuery first_query, second_query;
  Relation relation;
};

std::optional<Pair> draw_pair(const Scene& scene, std::span<const Relation> relations, Rng& rng) {
  const auto count = static_cast<std::uint32_t>(scene.objects.size());
  for (int attempt = 0; attempt < 12 && count > 1; ++attempt) {
    const int first = static_cast<int>(rng.below(count)), second = static_cast<int>(rng.below(count));
    const Relation relation = rng.pick(relations);
    if (first == second || !holds(scene, relation, first, second)) continue;
    const auto first_query = unique_query(scene, first, rng), second_query = unique_query(scene, second, rng);
    if (first_query && second_query) return Pair{first, second, *first_query, *second_query, relation};
  }
  return std::nullopt;
}

std::string_view words_of(Relation relation, Rng& rng) {
  const bool other = rng.below(2) == 0;
  switch (relation) {
    case Relation::left_of:
      return other ? "to the left of" : "left of";
    case Relation::right_of:
      return other ? "to the right of" : "right of";
    case Relation::above:
      return "above";
    case Relation::below:
      return other ? "under" : "below";
    case Relation::larger:
      return other ? "bigger than" : "larger than";
    case Relation::smaller:
      return "smaller than";
  }
  return "";
}

// Fills one template with one scene. The writers return false where the scene has not what the template asks for.
class TemplateFiller {
 public:
  TemplateFiller(const Scene& scene, Rng& rng) : scene_(scene), rng_(rng) {}

  std::optional<Caption> fill(std::string_view text) {
    while (!text.empty()) {
      const std::size_t open = text.find('{');
      caption_.text += text.substr(0, open);
      if (open == std::string_view::npos) break;
      const std::size_t close = text.find('}', open);
      if (!write(text.substr(open + 1, close - open - 1))) return std::nullopt;
      text.remove_prefix(close + 1);
    }
    return std::move(caption_);
  }

 private:
  bool write(std::string_view field) {
    if (field == "list") return write_list(group_objects(scene_, true));
    if (field == "names") return write_list(group_objects(scene_, false));
    if (field == "is" || field == "are") return write_verb(group_objects(scene_, field == "is").front());
    if (field == "count") return write_count();
    if (field == "some") return write_some();
    if (field == "sized") return write_sized();
    return write_pair(field);
  }

  void mention(const Group& group) {
    const std::size_t begin = caption_.text.size();
    const auto count = static_cast<int>(group.objects.size());
    caption_.text += count == 1 ? with_article(phrase_of(group.query)) : number_word(count) + " " + phrase_of(group.query, true);
    caption_.spans.push_back({begin, caption_.text.size(), group.objects});
  }

  bool write_list(const std::vector<Group>& groups) {
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (i > 0) caption_.text += i + 1 == groups.size() ? " and " : ", ";
      mention(groups[i]);
    }
    return true;
  }

  bool write_verb(const Group& group) {
    caption_.text += group.objects.size() == 1 ? "is" : "are";
    return true;
  }

  bool write_count() {
    const auto count = static_cast<int>(scene_.objects.size());
    caption_.text += number_word(count) + (count == 1 ? " object" : " objects");
    return true;
  }

  bool write_some() {
    const std::vector<Group> groups = group_objects(scene_, true);
    if (groups.size() < 2) return false;
    mention(rng_.pick(std::span<const Group>(groups)));
    return true;
  }

  bool write_sized() {
    const int object = static_cast<int>(rng_.below(static_cast<std::uint32_t>(scene_.objects.size())));
    const WorldObject& what = scene_.objects[static_cast<std::size_t>(object)];
    const ObjectQuery query{.name = what.name, .color = what.color, .size = size_word(scene_, object)};
    if (query.size.empty()) return false;
    mention({query, find_objects(scene_, query)});
    return true;
  }

  // {a} or {x} comes first in its template and draws the pair that {b} and the relation's words belong to.
  bool write_pair(std::string_view field) {
    if (field == "b") return write_described(pair_->second_query, pair_->second);
    if (field == "where" || field == "size") {
      caption_.text += words_of(pair_->relation, rng_);
      return true;
    }
    constexpr std::array places = {Relation::left_of, Relation::right_of, Relation::above, Relation::below};
    constexpr std::array sizes = {Relation::larger, Relation::smaller};
    pair_ = field == "a" ? draw_pair(scene_, places, rng_) : draw_pair(scene_, sizes, rng_);
    return pair_ && write_described(pair_->first_query, pair_->first);
  }

  bool write_described(const ObjectQuery& query, int object) {
    mention({query, {object}});
    return true;
  }

  const Scene& scene_;
  Rng& rng_;
  Caption caption_;
  std::optional<Pair> pair_;
};

}  // namespace

std::vector<Caption> captions(const Scene& scene, Rng& rng, int count) {
  expect_no_emblems(scene, "captions");
  std::vector<Caption> result;
  while (static_cast<int>(result.size()) < count)
    if (auto caption = TemplateFiller(scene, rng).fill(rng.pick(std::span<const std::string_view>(templates))))
      result.push_back(std::move(*caption));
  return result;
}

}  // namespace omma

#include "omma/data/world/mask_questions.h"

#include <array>
#include <optional>
#include <span>

namespace omma {
namespace {

constexpr std::array<std::string_view, mask_question_type_count> mask_type_names = {"cut_out", "area", "mask_relation"};

// {s}: what is meant, with its article; {where} and {r}: the relation and what it is to.
using TwoWordings = std::array<std::array<std::string_view, 3>, 2>;  // by Wording
constexpr TwoWordings cut_out_templates = {
    {{"Cut out {s}.", "Segment {s}.", "Give me the mask of {s}."},
     {"I need {s} without the background.", "Trace the outline of {s}.", "Which pixels belong to {s}?"}}};
constexpr TwoWordings area_templates = {{{"How much of the picture is {s}?", "What percentage of the picture does {s} cover?",
                                          "How large is {s} in per cent of the picture?"},
                                         {"What share of the image does {s} take up?", "Tell me how many per cent {s} fills.",
                                          "Measure the part of the image that {s} occupies."}}};
constexpr TwoWordings mask_relation_templates = {
    {{"Segment what is {where} the {r}.", "Cut out what is {where} the {r}.", "Give me the mask of what is {where} the {r}."},
     {"I need what stands {where} the {r} without the background.", "Trace the thing {where} the {r}.",
      "Isolate whatever is {where} the {r}."}}};

struct Where {
  Relation relation;
  std::array<std::string_view, 2> words;
};
constexpr std::array<Where, 4> wheres = {{{Relation::left_of, {"left of", "to the left of"}},
                                          {Relation::right_of, {"right of", "to the right of"}},
                                          {Relation::above, {"above", "above"}},
                                          {Relation::below, {"below", "under"}}}};

void replace_field(std::string& text, std::string_view field, std::string_view words) {
  if (const std::size_t at = text.find(field); at != std::string::npos) text.replace(at, field.size(), words);
}

class MaskAsker {
 public:
  MaskAsker(const Scene& scene, Rng& rng, Wording wording) : scene_(scene), rng_(rng), wording_(wording) {}

  std::optional<MaskQuestion> cut_out() {
    const ObjectQuery query = query_of(random_object());
    const std::vector<int> objects = find_objects(scene_, query);
    MaskQuestion question = answered_by(objects, MaskQuestionType::cut_out);
    question.subject = query;
    question.text = pick(cut_out_templates);
    replace_field(question.text, "{s}", "the " + phrase_of(query, objects.size() > 1));
    return question;
  }

  std::optional<MaskQuestion> area() {
    for (int attempt = 0; attempt < tries; ++attempt) {
      const ObjectQuery query = query_of(random_object());
      const auto object = largest_object(scene_, query);
      if (!object) continue;
      MaskQuestion question = answered_by({*object}, MaskQuestionType::area);
      question.subject = query;
      question.largest = find_objects(scene_, query).size() > 1;
      question.text = pick(area_templates);
      replace_field(question.text, "{s}", (question.largest ? "the largest " : "the ") + phrase_of(query));
      return question;
    }
    return std::nullopt;
  }

  std::optional<MaskQuestion> mask_relation() {
    for (int attempt = 0; attempt < tries; ++attempt) {
      const int reference = random_object();
      const Where& where = rng_.pick(std::span<const Where>(wheres));
      const auto object = only_object(scene_, where.relation, reference);
      const auto query = unique_query(scene_, reference, rng_);
      if (!object || !query) continue;
      MaskQuestion question = answered_by({*object}, MaskQuestionType::mask_relation);
      question.reference = *query;
      question.relation = where.relation;
      question.text = pick(mask_relation_templates);
      replace_field(question.text, "{where}", rng_.pick(std::span<const std::string_view>(where.words)));
      replace_field(question.text, "{r}", phrase_of(*query));
      return question;
    }
    return std::nullopt;
  }

 private:
  static constexpr int tries = 12;

  MaskQuestion answered_by(const std::vector<int>& objects, MaskQuestionType type) const {
    return {.text = {}, .objects = objects, .per_cent = area_share(scene_, objects), .type = type, .subject = {}, .reference = {}};
  }

  int random_object() { return static_cast<int>(rng_.below(static_cast<std::uint32_t>(scene_.objects.size()))); }

  // By name, or by name and colour.
  ObjectQuery query_of(int object) {
    const WorldObject& what = scene_.objects[static_cast<std::size_t>(object)];
    ObjectQuery query{.name = what.name, .color = {}, .size = ""};
    if (scene_.split == Split::combo || rng_.below(2) == 0) query.color = what.color;
    return query;
  }

  std::string pick(const TwoWordings& templates) {
    return std::string(rng_.pick(std::span<const std::string_view>(templates[static_cast<std::size_t>(wording_)])));
  }

  const Scene& scene_;
  Rng& rng_;
  Wording wording_;
};

}  // namespace

std::string_view name_of(MaskQuestionType type) { return mask_type_names[static_cast<std::size_t>(type)]; }

double area_share(const Scene& scene, const std::vector<int>& objects) {
  std::int64_t pixels = 0;
  for (const int object : objects) pixels += scene.objects.at(static_cast<std::size_t>(object)).area;
  return 100.0 * static_cast<double>(pixels) / static_cast<double>(scene.owner.size());
}

std::vector<MaskQuestion> mask_questions(const Scene& scene, Rng& rng, Wording wording) {
  expect_no_emblems(scene, "questions");
  MaskAsker asker(scene, rng, wording);
  std::vector<MaskQuestion> result;
  for (auto&& question : {asker.cut_out(), asker.area(), asker.mask_relation()})
    if (question) result.push_back(*question);
  return result;
}

}  // namespace omma

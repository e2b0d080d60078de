#include "omma/agent/evaluation/scene_questions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <memory>
#include <span>

#include "omma/agent/evaluation/evaluate.h"
#include "omma/agent/evaluation/known_masks.h"
#include "omma/agent/evaluation/known_objects.h"
#include "omma/agent/evaluation/known_texts.h"
#include "omma/agent/found_objects.h"
#include "omma/data/world/exact_caption.h"
#include "omma/data/world/mask_questions.h"
#include "omma/data/world/words.h"
#include "omma/eval/named_objects.h"
#include "omma/vision/run_lengths.h"

namespace omma {

namespace {

using Sentences = std::span<const std::string_view>;

constexpr double right_iou = 0.5;
constexpr double share_tolerance = 0.1, points_tolerance = 0.5;  // of the share; of the picture, in per cent

// {c}: a sentence that asks for a mask, its first letter small.
constexpr std::array<std::string_view, 3> described_first = {"Describe the picture, then {c}", "Describe the picture and {c}",
                                                             "First describe the picture, then {c}"};
constexpr std::array<std::string_view, 2> held_out_described_first = {"Put the scene into words, and after that {c}",
                                                                      "Sum up what is drawn here; {c}"};
constexpr std::array<std::string_view, 4> held_out_descriptions = {"Put the scene into words.", "Sum up what is drawn here.",
                                                                   "Could you say in a sentence what this depicts?",
                                                                   "Write down everything that the image contains."};

// "How many red dogs are there?": there or not, with or without a colour, both by a coin.
Question simple_count(const Scene& scene, Rng& rng, Wording wording) {
  const bool present = rng.chance(0.5), colored = rng.chance(0.5);
  ObjectQuery query;
  do {
    const WorldObject& object = rng.pick(std::span<const WorldObject>(scene.objects));
    query.name = present ? object.name : rng.between(0, world_name_count - 1);
    if (colored) query.color = present ? object.color : rng.between(0, world_color_count - 1);
  } while (find_objects(scene, query).empty() == present || !may_be_said(query, scene.split));
  const bool taught = wording == Wording::taught;
  Rng words = rng;  // a copy: what is asked after this is the same in all wordings
  return {.text = taught ? fmt::format("How many {} are there?", phrase_of(query, true)) : held_out_count_question(query, words),
          .answer = std::to_string(find_objects(scene, query).size()),
          .type = QuestionType::count,
          .subject = query,
          .reference = {},
          .relation = Relation::left_of};
}

SceneQuestion description_question(const Scene& scene, Rng& rng, Wording wording) {
  const Sentences requests = wording == Wording::taught ? description_requests() : Sentences(held_out_descriptions);
  SceneQuestion question{.type = "describe", .text = std::string(rng.pick(requests)), .answer = exact_caption(scene, rng)};
  question.caption = question.answer;
  return question;
}

SceneQuestion with_mask(const MaskQuestion& asked, std::span<const RunLengths> masks) {
  std::vector<RunLengths> wanted;
  for (const int object : asked.objects) wanted.push_back(masks[static_cast<std::size_t>(object)]);
  SceneQuestion question{
      .type = std::string(name_of(asked.type)), .text = asked.text, .answer = fmt::format("{:.1f} %", asked.per_cent)};
  question.mask = union_of(wanted);
  if (asked.type == MaskQuestionType::area) question.per_cent = asked.per_cent;
  return question;
}

// Asks for a description, then for the mask.
SceneQuestion described_first_of(SceneQuestion question, const std::string& caption, Rng& rng, Wording wording) {
  std::string request = question.text;
  request[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(request[0])));
  question.type = "describe_cut_out";
  question.text = rng.pick(wording == Wording::taught ? Sentences(described_first) : Sentences(held_out_described_first));
  question.text.replace(question.text.find("{c}"), 3, request);
  question.caption = caption;
  question.answer = fmt::format("{}; {}", caption, question.answer);
  return question;
}

std::vector<SceneQuestion> questions_with_masks(const Scene& scene, Rng& rng, Wording wording) {
  const std::vector<RunLengths> masks = known_masks(scene);
  std::vector<SceneQuestion> asked;
  for (const MaskQuestion& question : mask_questions(scene, rng, wording)) asked.push_back(with_mask(question, masks));
  return asked;
}

// The first number, with its decimals.
std::optional<double> first_decimal(const std::string& text) {
  const std::size_t begin = text.find_first_of("0123456789");
  return begin == std::string::npos ? std::nullopt : std::optional(std::stod(text.substr(begin, 12)));
}

}  // namespace

std::vector<SceneQuestion> scene_questions(const Scene& scene, Rng rng, Wording wording) {
  std::vector<SceneQuestion> asked;
  const auto add = [&](std::string_view type, const Question& question) {
    asked.push_back({.type = std::string(type), .text = question.text, .answer = question.answer});
  };
  for (const Question& question : questions(scene, rng, wording))
    add(question.type == QuestionType::count ? "count_balanced" : name_of(question.type), question);
  add("count", simple_count(scene, rng, wording));
  asked.push_back(description_question(scene, rng, wording));
  const std::string caption = asked.back().caption;
  for (SceneQuestion& question : questions_with_masks(scene, rng, wording)) asked.push_back(std::move(question));
  if (!asked.back().mask || asked.back().per_cent) return asked;  // nothing is clearly left of anything
  asked.push_back(described_first_of(asked.back(), caption, rng, wording));
  return asked;
}

bool can_answer(const PictureModels& models, const SceneQuestion& question) {
  return (question.caption.empty() || models.captioner) && (!question.mask || models.segmenter);
}

PictureModels models_that_know(const Scene& scene, const std::vector<SceneQuestion>& asked) {
  std::map<std::string, std::string> answers;
  std::string caption;
  for (const SceneQuestion& question : asked) {
    answers.emplace(question.text, question.answer);
    if (!question.caption.empty()) caption = question.caption;
  }
  return {.detector = std::make_shared<KnownObjectDetector>(known_objects(scene)),
          .captioner = std::make_shared<KnownCaptioner>(caption),
          .answerer = std::make_shared<KnownAnswerer>(std::move(answers)),
          .segmenter = std::make_shared<KnownSegmenter>(known_masks(scene))};
}

double mask_iou(const SceneQuestion& question, const AgentResult& result) {
  if (!question.mask) return 0;
  std::vector<RunLengths> masks;
  for (ObjectMask& object : found_masks(result.steps, {question.mask->width, question.mask->height}))
    masks.push_back(std::move(object.mask));
  return masks.empty() ? 0 : intersection_over_union(union_of(masks), *question.mask);
}

bool is_right(const SceneQuestion& question, const AgentResult& result) {
  if (!question.caption.empty() && named_objects(result.answer) != named_objects(question.caption)) return false;
  if (question.per_cent) {
    const std::optional<double> said = first_decimal(result.answer);
    return said && std::abs(*said - *question.per_cent) <= std::max(points_tolerance, share_tolerance * *question.per_cent);
  }
  if (question.mask) return result.stopped == AgentEnd::answer && mask_iou(question, result) >= right_iou;
  return !question.caption.empty() || says(result.answer, question.answer);
}

}  // namespace omma

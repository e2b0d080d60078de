#include "omma/recipes/planner/invented_picture.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <memory>
#include <span>
#include <sstream>

#include "omma/agent/evaluation/known_masks.h"
#include "omma/agent/evaluation/known_texts.h"
#include "omma/agent/tools/detect_objects.h"
#include "omma/data/world/exact_caption.h"
#include "omma/data/world/split.h"
#include "omma/data/world/words.h"
#include "omma/recipes/planner/made_up_words.h"
#include "omma/vision/run_lengths.h"

namespace omma {

namespace {

Box random_box(double largest, Rng& rng) {
  const double long_side = rng.uniform(0.4 * largest, largest), short_side = long_side * rng.uniform(0.4, 1);
  const bool wide = rng.chance(0.5);
  const float width = static_cast<float>(wide ? long_side : short_side), height = static_cast<float>(wide ? short_side : long_side);
  const float x = static_cast<float>(rng.uniform(0, invented_side - width)),
              y = static_cast<float>(rng.uniform(0, invented_side - height));
  return {x, y, x + width, y + height};
}

KnownObject random_object(Rng& rng) {
  int name = 0, color = 0;
  do {
    name = rng.between(0, world_name_count - 1);
    color = rng.between(0, world_color_count - 1);
  } while (is_combo_pair(name, color));
  return {.name = std::string(world_noun(name).singular), .color = std::string(world_color(color)), .size = "", .box = {}};
}

// An object that fits the phrase; what the phrase leaves open is drawn.
KnownObject object_like(const NounPhrase& phrase, Rng& rng) {
  KnownObject object = random_object(rng);
  const auto pair_is_held_out = [&] {
    const auto name = find_world_name(object.name);
    const auto color = find_world_color(object.color);
    return name && color && is_combo_pair(*name, *color);
  };
  do {
    const bool any = phrase.name.empty() || phrase.name == "thing";
    object.name = any ? random_object(rng).name : phrase.name;
    object.color = phrase.color.empty() ? std::string(world_color(rng.between(0, world_color_count - 1))) : phrase.color;
  } while (pair_is_held_out());
  object.size = phrase.size;
  return object;
}

// Often none, mostly few, at times up to 40 and beyond.
int random_count(Rng& rng) {
  if (rng.chance(0.25)) return 0;
  return rng.chance(0.65) ? rng.between(1, 6) : rng.between(1, 45);
}

// Small ones mostly: which of two is more must be learned pair by pair.
int compared_count(Rng& rng) { return rng.chance(0.85) ? rng.between(0, 6) : random_count(rng); }

RunLengths ellipse_in(const Box& box) {
  RunBuilder builder(invented_side, invented_side);
  const float center_x = (box.x0 + box.x1) / 2, center_y = (box.y0 + box.y1) / 2;
  for (int x = static_cast<int>(box.x0); x < std::min(static_cast<int>(box.x1) + 1, invented_side); ++x) {
    const float across = 2 * (static_cast<float>(x) + 0.5F - center_x) / box.width();
    const float half = std::sqrt(std::max(0.F, 1 - across * across)) * box.height() / 2;
    const auto row = [&](float y) { return std::clamp<std::int64_t>(std::lround(y), 0, invented_side); };
    if (row(center_y - half) < row(center_y + half))
      builder.append(x * invented_side + row(center_y - half), x * invented_side + row(center_y + half));
  }
  return std::move(builder).finish();
}

std::vector<RunLengths> masks_of(std::span<const KnownObject> objects) {
  std::vector<RunLengths> masks;
  for (const KnownObject& object : objects) masks.push_back(ellipse_in(object.box));
  if (masks.empty()) masks.push_back(ellipse_in({0, 0, invented_side, invented_side}));  // never cut out: no object has its box
  return masks;
}

}  // namespace

std::vector<KnownObject> invent_objects(const PlannerQuestion& question, Rng& rng) {
  std::vector<KnownObject> objects;
  const auto add = [&](int count, const NounPhrase& phrase) {
    for (int i = 0; i < count; ++i) objects.push_back(object_like(phrase, rng));
  };
  const bool counted = question.skill == PlannerSkill::count || question.skill == PlannerSkill::exist;
  const bool mask = asks_for_mask(question.skill);
  const bool one = rng.chance(mask ? 0.6 : 0.85);
  if (question.skill == PlannerSkill::compare) {
    const int first = compared_count(rng);
    add(first, question.subject);
    add(rng.chance(0.3) ? std::max(0, first + rng.between(-2, 2)) : compared_count(rng), question.reference);
  } else if (question.skill != PlannerSkill::what && question.skill != PlannerSkill::list) {
    add(counted ? random_count(rng) : one ? 1 : rng.between(0, mask ? 5 : 3), question.subject);
  }
  if (!question.relation.empty()) add(rng.chance(0.88) ? 1 : rng.between(0, 2), question.reference);
  const int others = rng.between(0, 4);
  for (int i = 0; i < others; ++i) objects.push_back(random_object(rng));
  for (KnownObject& object : objects) {
    object.box = random_box(mask ? std::min<double>(invented_side, rng.uniform(8, 240)) : 54, rng);  // specks, and what fills it
    object.score = static_cast<float>(rng.uniform(0.3, 0.99));
  }
  rng.shuffle(objects);
  return objects;
}

std::string invent_caption(bool known_words_only, Rng& rng) {
  Scene scene{.image = Image(invented_side, invented_side)};
  const int count = rng.chance(0.9) ? rng.between(1, 6) : rng.between(7, 9);
  for (int i = 0; i < count; ++i) {
    const KnownObject object = random_object(rng);
    scene.objects.push_back(
        {.name = *find_world_name(object.name), .color = *find_world_color(object.color), .box = random_box(54, rng)});
  }
  const std::string exact = exact_caption(scene, rng);
  if (known_words_only || rng.chance(0.5)) return exact;
  const double foreign_share = rng.uniform(0, 0.3);
  std::string caption;
  std::istringstream words(exact);
  for (std::string word; words >> word;) {
    if (rng.chance(foreign_share)) word = make_up_noun(rng).singular;
    for (int times = rng.chance(0.03) ? 2 : 1; times > 0; --times) caption.append(caption.empty() ? "" : " ").append(word);
  }
  if (rng.chance(0.3)) caption[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(caption[0])));
  return rng.chance(0.3) ? caption + "." : caption;
}

std::string invent_answer(const PlannerQuestion& question, Rng& rng) {
  switch (question.skill) {
    case PlannerSkill::count:
      return std::to_string(random_count(rng));
    case PlannerSkill::color:
      return std::string(world_color(rng.between(0, world_color_count - 1)));
    case PlannerSkill::what:
    case PlannerSkill::list:
      return random_object(rng).name;
    case PlannerSkill::where:
      return place_of(random_box(54, rng), {invented_side, invented_side});
    default:
      return rng.chance(0.5) ? "yes" : "no";
  }
}

PictureModels invent_models(const PlannerQuestion& question, bool known_words_only, Rng& rng) {
  PictureModels models;
  const double draw = rng.uniform();
  const bool sees = draw < 0.96, cuts = draw < 0.82, reads = draw < 0.78 || (draw >= 0.82 && draw < 0.92) || !sees;
  const std::vector<KnownObject> objects = invent_objects(question, rng);
  if (sees) models.detector = std::make_shared<KnownObjectDetector>(objects);
  if (sees && cuts) models.segmenter = std::make_shared<KnownSegmenter>(masks_of(objects));
  if (!reads) return models;
  models.captioner = std::make_shared<KnownCaptioner>(invent_caption(known_words_only, rng));
  models.answerer =
      std::make_shared<KnownAnswerer>(std::map<std::string, std::string>{{question.text, invent_answer(question, rng)}});
  return models;
}

}  // namespace omma

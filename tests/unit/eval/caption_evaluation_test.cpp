#include "omma/eval/caption_evaluation.h"

#include <gtest/gtest.h>

#include "omma/data/world/exact_caption.h"
#include "omma/data/world/words.h"
#include "omma/eval/named_objects.h"
#include "tests/unit/eval/scripted_models.h"

namespace omma {
namespace {

using testing::ListedCaptions;
using testing::ScriptedCaptioner;

ColorName object(std::string_view color, std::string_view name) {
  return {.name = find_world_name(name).value(), .color = find_world_color(color).value()};
}
std::pair<int, int> key(std::string_view color, std::string_view name) {
  return {find_world_name(name).value(), find_world_color(color).value_or(-1)};
}

TEST(NamedObjects, NumbersPluralsColoursAndSizes) {
  const std::vector<std::pair<std::string, ObjectCounts>> cases = {
      {"a red dog", {{key("red", "dog"), 1}}},
      {"Two red dogs and a blue car.", {{key("red", "dog"), 2}, {key("blue", "car"), 1}}},
      {"two small red dogs, 12 large people", {{key("red", "dog"), 2}, {key("", "person"), 12}}},
      {"three objects: an airplane and two gray buses", {{key("", "airplane"), 1}, {key("gray", "bus"), 2}}},
      {"a red dog left of a red dog", {{key("red", "dog"), 2}}},
      {"the green tree is bigger than the yellow star", {{key("green", "tree"), 1}, {key("yellow", "star"), 1}}},
      {"red dogs", {{key("red", "dog"), 2}}},   // without a number: two
      {"red fish", {{key("red", "fish"), 1}}},  // one and many look alike
      {"two red dogs and cats", {{key("red", "dog"), 2}, {key("", "cat"), 2}}},
      {"two red things and cats", {{key("", "cat"), 2}}},
      {"a red and a cat", {{key("", "cat"), 1}}},      // the colour has no name to belong to
      {"zero dogs, 100 cats", {{key("", "cat"), 2}}},  // 100 is no number a caption means
      {"there is nothing to see", {}},
  };
  for (const auto& [caption, expected] : cases) EXPECT_EQ(named_objects(caption), expected) << caption;
}

TEST(NamedObjects, EveryExactCaptionOfTheWorldNamesItsScene) {
  for (std::uint64_t index = 0; index < 200; ++index) {
    const Scene scene = make_scene(3, index, {.size = 48});
    std::vector<ColorName> objects;
    for (const WorldObject& each : scene.objects) objects.push_back({.name = each.name, .color = each.color});
    Rng rng(9, index);
    const std::string caption = exact_caption(scene, rng);
    EXPECT_EQ(named_objects(caption), count_objects(objects)) << caption;
  }
}

TEST(EvaluateCaptions, ExactScenesAndNamedObjects) {
  const ColorName dog = object("red", "dog"), car = object("blue", "car");
  const ListedCaptions dataset({{.key = "0", .captions = {"a red dog"}, .objects = {dog}},
                                {.key = "1", .captions = {"two red dogs"}, .objects = {dog, dog}},
                                {.key = "2", .captions = {"a blue car"}, .objects = {car}},
                                {.key = "3", .captions = {"four blue cars"}, .objects = {car, car, car, car}},
                                {.key = "4", .captions = {"not asked"}, .objects = {car}}});
  ScriptedCaptioner captioner({"a red dog", "a red dog and a blue car", "a red car", "four blue cars"});
  CaptionEvaluationOptions options{.caption = {}, .count = 4, .batch = 3};
  options.caption.prompt = "a picture of ";
  const CaptionEvaluation evaluation = evaluate_captions(captioner, dataset, options);
  EXPECT_EQ(captioner.batches, (std::vector<std::size_t>{3, 1}));
  EXPECT_EQ(captioner.prompts.at(0), "a picture of ");
  ASSERT_EQ(evaluation.captions.size(), 4U);
  EXPECT_EQ(evaluation.captions[1].caption, "a red dog and a blue car");
  EXPECT_TRUE(evaluation.captions[0].exact);
  EXPECT_FALSE(evaluation.captions[1].exact);
  EXPECT_TRUE(evaluation.captions[3].exact);
  const json figures = evaluation.to_json();
  EXPECT_DOUBLE_EQ(figures["exact_scene"], 1.0 / 3);       // the scene of four does not count
  EXPECT_DOUBLE_EQ(figures["object_precision"], 6.0 / 8);  // wrong: a blue car, a red car
  EXPECT_DOUBLE_EQ(figures["object_recall"], 6.0 / 8);     // missed: a red dog, a blue car
  EXPECT_EQ(figures["pictures"], 4);
  EXPECT_EQ(figures["scenes"], 3);
}

TEST(EvaluateCaptions, FiguresAreThoseOfTheTokens) {
  const ListedCaptions dataset(
      {{.key = "0", .captions = {"A red dog.", "The dog!"}}, {.key = "1", .captions = {"Two cars, parked"}}});
  ScriptedCaptioner captioner({"a red dog", "two cars"});
  const CaptionEvaluation evaluation = evaluate_captions(captioner, dataset);
  const CaptionMetrics expected = caption_metrics(std::vector<CaptionCandidate>{
      {{"a", "red", "dog"}, {{"a", "red", "dog"}, {"the", "dog"}}}, {{"two", "cars"}, {{"two", "cars", "parked"}}}});
  const json figures = evaluation.to_json();
  EXPECT_EQ(figures["cider"], expected.cider);
  EXPECT_EQ(figures["bleu4"], expected.bleu[3]);
  EXPECT_EQ(evaluation.captions[1].cider, expected.picture_ciders[1]);
  EXPECT_FALSE(figures.contains("exact_scene"));  // nobody knows the objects
}

TEST(EvaluateCaptions, TheWorldTellsItsObjects) {
  const auto dataset = open_caption_dataset("world:count=6,size=48,objects=1-3,captions=exact", "val");
  std::vector<std::string> captions;
  for (std::size_t i = 0; i < dataset->size(); ++i) captions.push_back(dataset->sample(i).captions.at(0));

  struct InOrder : Captioner {
    std::vector<std::string> captions;
    std::size_t next = 0;
    std::vector<CaptionResult> caption(std::span<const Image> images, const CaptionOptions&) override {
      std::vector<CaptionResult> results(images.size());
      for (CaptionResult& result : results) result.captions = {{.text = captions.at(next++)}};
      return results;
    }
  } captioner;
  captioner.captions = captions;
  const json figures = evaluate_captions(captioner, *dataset).to_json();
  EXPECT_EQ(figures["exact_scene"], 1);
  EXPECT_EQ(figures["scenes"], 6);
}

}  // namespace
}  // namespace omma

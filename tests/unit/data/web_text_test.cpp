#include "omma/data/world/web_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "omma/data/caption_dataset.h"
#include "omma/data/world/exact_caption.h"
#include "omma/data/world/language.h"
#include "tests/checkpoint_bytes.h"

namespace omma {
namespace {

// What a text says of a scene, read word by word and without the writer's help.
struct Reading {
  std::vector<ObjectGroup> groups;
  std::optional<Relation> relation;
};

std::optional<Reading> read_caption(const std::string& text) {
  const std::map<std::string, Relation> relations = {
      {"left", Relation::left_of}, {"right", Relation::right_of}, {"above", Relation::above}, {"below", Relation::below}};
  std::set<std::string> filler = {"there", "is", "are", "we", "see", "and", "of", "in", "the", "picture"};
  Reading reading;
  std::istringstream words(text);
  ObjectGroup group{.name = -1, .color = -1, .count = 0};
  for (std::string word; words >> word;) {
    if (word.back() == ',') word.pop_back();
    const auto color = find_world_color(word), name = find_world_name(word);
    int number = 0;
    while (number < 10 && number_word(number) != word) ++number;
    if (word == "a" || word == "an") number = 1;
    if (relations.contains(word)) {
      reading.relation = relations.at(word);
    } else if (color && group.count > 0) {
      group.color = *color;
    } else if (name && group.color >= 0) {
      group.name = *name;
      const bool plural = word == world_noun(*name).plural, singular = word == world_noun(*name).singular;
      if (group.count == 1 ? !singular : !plural) return std::nullopt;
      reading.groups.push_back(group);
      group = {.name = -1, .color = -1, .count = 0};
    } else if (number < 10) {
      group.count = number;
    } else if (!filler.contains(word)) {
      return std::nullopt;
    }
  }
  return reading;
}

int count_of(const Scene& scene, const ObjectGroup& group) {
  return static_cast<int>(find_objects(scene, {.name = group.name, .color = group.color, .size = ""}).size());
}

// Every object told with its colour, and every object of the first group in the relation to every one of the second.
bool tells_truth(const Scene& scene, const Reading& reading) {
  std::size_t told = 0;
  for (const ObjectGroup& group : reading.groups) {
    if (count_of(scene, group) != group.count) return false;
    told += static_cast<std::size_t>(group.count);
  }
  if (told != scene.objects.size()) return false;
  if (!reading.relation) return true;
  for (const int a : find_objects(scene, {.name = reading.groups[0].name, .color = reading.groups[0].color, .size = ""}))
    for (const int b : find_objects(scene, {.name = reading.groups[1].name, .color = reading.groups[1].color, .size = ""}))
      if (!holds(scene, *reading.relation, a, b)) return false;
  return true;
}

constexpr SceneOptions small{.size = 48, .min_objects = 1, .max_objects = 3};

SceneOptions of_split(Split split) {
  SceneOptions options = small;
  options.split = split;
  return options;
}

TEST(ExactCaption, NamesEveryObjectWithItsColour) {
  std::set<std::string> frames;
  std::set<Relation> relations;
  int pairs = 0, related = 0;
  for (std::uint64_t index = 0; index < 1500; ++index) {
    const Scene scene = make_scene(11, index, {.size = 48, .min_objects = 1, .max_objects = index % 10 == 0 ? 6 : 3});
    Rng rng(12, index);
    const std::string text = exact_caption(scene, rng);
    const auto reading = read_caption(text);
    ASSERT_TRUE(reading) << text;
    EXPECT_TRUE(tells_truth(scene, *reading)) << text;
    pairs += reading->groups.size() == 2;
    if (!reading->relation) continue;
    EXPECT_EQ(reading->groups.size(), 2U) << text;
    ++related;
    relations.insert(*reading->relation);
  }
  EXPECT_EQ(relations.size(), 4U);
  EXPECT_GT(related, pairs / 3);  // half of those of which any relation holds
  EXPECT_LT(related, pairs * 6 / 10);
}

TEST(ExactCaption, WordsAsAPersonWouldPutThem) {
  Scene scene{.image = Image(100, 100)};
  const int dog = *find_world_name("dog"), umbrella = *find_world_name("umbrella");
  scene.objects = {{.name = dog, .color = 3, .box = {60, 0, 80, 20}},
                   {.name = umbrella, .color = 0, .box = {0, 0, 20, 20}},
                   {.name = dog, .color = 3, .box = {70, 50, 90, 70}}};
  std::set<std::string> texts;
  for (std::uint64_t stream = 0; stream < 200; ++stream) {
    Rng rng(1, stream);
    texts.insert(exact_caption(scene, rng));
  }
  const std::set<std::string> expected = {"a red umbrella and two blue dogs",
                                          "there is a red umbrella and two blue dogs",
                                          "we see a red umbrella and two blue dogs",
                                          "a red umbrella and two blue dogs in the picture",
                                          "a red umbrella left of two blue dogs",
                                          "there is a red umbrella left of two blue dogs",
                                          "we see a red umbrella left of two blue dogs",
                                          "a red umbrella left of two blue dogs in the picture",
                                          "two blue dogs right of a red umbrella",
                                          "there are two blue dogs right of a red umbrella",
                                          "we see two blue dogs right of a red umbrella",
                                          "two blue dogs right of a red umbrella in the picture"};
  EXPECT_EQ(texts, expected);
}

TEST(WebText, NoiseIsWhatItIsCalled) {
  std::map<WebNoise, int> counts;
  int swapped_colors = 0, swapped_counts = 0;
  for (std::uint64_t index = 0; index < 2000; ++index) {
    const Scene scene = make_scene(21, index, small);
    Rng rng(22, index);
    const WebText web = web_text(scene, small, .5, rng);
    ++counts[web.noise];
    const auto truth = read_caption(web.true_caption);
    ASSERT_TRUE(truth && tells_truth(scene, *truth)) << web.true_caption;
    const auto reading = read_caption(web.text);
    if (web.noise == WebNoise::clean) {
      EXPECT_EQ(web.text, web.true_caption);
    } else if (web.noise == WebNoise::generic) {
      EXPECT_EQ(std::ranges::count(generic_texts(), web.text), 1);
    } else {
      ASSERT_TRUE(reading) << web.text;
      EXPECT_FALSE(tells_truth(scene, *reading)) << web.text << " | " << web.true_caption;
    }
    if (web.noise == WebNoise::other_scene) {
      EXPECT_TRUE(std::ranges::any_of(reading->groups, [&](const ObjectGroup& group) { return count_of(scene, group) == 0; }));
    }
    swapped_colors += web.noise == WebNoise::swapped && reading->groups.size() == 1 && count_of(scene, reading->groups[0]) == 0;
    swapped_counts += web.noise == WebNoise::swapped && reading->groups.size() == 1 && count_of(scene, reading->groups[0]) > 0;
  }
  EXPECT_NEAR(counts[WebNoise::clean], 1000, 70);
  EXPECT_NEAR(counts[WebNoise::other_scene], 400, 55);
  EXPECT_NEAR(counts[WebNoise::swapped], 400, 55);
  EXPECT_NEAR(counts[WebNoise::generic], 200, 40);
  EXPECT_GT(swapped_colors, 40);
  EXPECT_GT(swapped_counts, 10);
}

TEST(WebText, AWorldGivesTextsKnownToBeWrong) {
  const auto dataset = open_caption_dataset("world:seed=3,count=200,size=48,objects=1-3,captions=exact,wrong=2", "train");
  for (std::size_t i = 0; i < dataset->size(); ++i) {
    const Scene scene = make_scene(3, i, {.size = 48, .min_objects = 1, .max_objects = 3});
    const CaptionSample sample = dataset->sample(i);
    ASSERT_EQ(sample.wrong.size(), 2U);
    EXPECT_TRUE(tells_truth(scene, *read_caption(sample.captions[0]))) << sample.captions[0];
    for (const std::string& text : sample.wrong) EXPECT_FALSE(tells_truth(scene, *read_caption(text))) << text;
  }
  EXPECT_TRUE(open_caption_dataset("world:count=1", "")->sample(0).wrong.empty());
}

TEST(WebText, OneAttributeIsSwapped) {
  std::map<std::string, int> kinds;
  int swapped = 0;
  for (std::uint64_t index = 0; swapped < 2000; ++index) {
    const Scene scene = make_scene(23, index, small);
    Rng rng(24, index);
    const WebText web = web_text(scene, small, 1, rng);
    if (web.noise != WebNoise::swapped) continue;
    ++swapped;
    const auto truth = read_caption(web.true_caption), wrong = read_caption(web.text);
    ASSERT_TRUE(truth && wrong && !tells_truth(scene, *wrong)) << web.text;
    ASSERT_EQ(truth->groups.size(), wrong->groups.size()) << web.text;
    std::string differences = truth->relation != wrong->relation ? "relation" : "";
    for (std::size_t i = 0; i < truth->groups.size(); ++i) {
      differences += truth->groups[i].color != wrong->groups[i].color ? "color" : "";
      differences += truth->groups[i].name != wrong->groups[i].name ? "name" : "";
      differences += truth->groups[i].count != wrong->groups[i].count ? "count" : "";
    }
    ++kinds[differences];
  }
  EXPECT_EQ(kinds.size(), 4U);
  for (const char* kind : {"color", "name", "count", "relation"}) EXPECT_GT(kinds[kind], 60) << kind;
}

TEST(WebText, NeverNamesHeldOutPairs) {
  for (const Split split : {Split::train, Split::val, Split::domain}) {
    for (std::uint64_t index = 0; index < 300; ++index) {
      const Scene scene = make_scene(25, index, of_split(split));
      Rng rng(26, index);
      const WebText web = web_text(scene, of_split(split), 1, rng);
      const auto reading = read_caption(web.text);
      if (web.noise == WebNoise::generic) continue;
      ASSERT_TRUE(reading) << web.text;
      for (const ObjectGroup& group : reading->groups) EXPECT_FALSE(is_combo_pair(group.name, group.color)) << web.text;
    }
  }
}

TEST(WebText, GenericTextsSayNothingThatCanBeSeen) {
  EXPECT_GE(generic_texts().size(), 40U);
  EXPECT_EQ(std::set<std::string_view>(generic_texts().begin(), generic_texts().end()).size(), generic_texts().size());
  for (const std::string_view text : generic_texts()) {
    std::istringstream words{std::string(text)};
    for (std::string word; words >> word;) EXPECT_FALSE(find_world_name(word) || find_world_color(word)) << text;
  }
}

TEST(WebText, TheSameEverywhere) {
  std::string all;
  for (std::uint64_t index = 0; index < 200; ++index) {
    Rng rng(28, index);
    const WebText web = web_text(make_scene(27, index, small), small, .5, rng);
    all += fmt::format("{}|{}|{}\n", web.text, name_of(web.noise), web.true_caption);
  }
  EXPECT_EQ(testing::crc32_of(all), 1518512240U);
}

TEST(WebText, RefusesWhatIsNoProbability) {
  Rng rng(1);
  const Scene scene = make_scene(1, 1, small);
  EXPECT_THROW(web_text(scene, small, 1.5, rng), std::invalid_argument);
  EXPECT_THROW(web_text(scene, small, std::nan(""), rng), std::invalid_argument);
}

}  // namespace
}  // namespace omma

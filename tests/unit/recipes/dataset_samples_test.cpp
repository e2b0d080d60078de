#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <thread>

#include "omma/recipes/grounding_dino/mixture.h"

namespace omma::grounding_dino {
namespace {

constexpr std::uint8_t ground = 20, paint = 220;
const AugmentationConfig nothing{.flip = false};

DetectionTarget target(const Box& box, std::string phrase = "thing") {
  DetectionTarget result;
  result.box = box;
  result.phrase = std::move(phrase);
  return result;
}

// A dark picture with a light rectangle.
Image painted(int width, int height, const Box& box) {
  Image image(width, height);
  std::ranges::fill(image.data, ground);
  for (int y = static_cast<int>(box.y0); y < static_cast<int>(box.y1); ++y)
    for (int x = static_cast<int>(box.x0); x < static_cast<int>(box.x1); ++x) std::fill_n(image.pixel(x, y), 3, paint);
  return image;
}

// The tightest box around what is light; without area where nothing is.
Box light_part(const Image& image) {
  Box box{static_cast<float>(image.width), static_cast<float>(image.height), 0, 0};
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      if (image.pixel(x, y)[0] < (ground + paint) / 2) continue;
      const auto left = static_cast<float>(x), top = static_cast<float>(y);
      box = {std::min(box.x0, left), std::min(box.y0, top), std::max(box.x1, left + 1), std::max(box.y1, top + 1)};
    }
  }
  return box;
}

void expect_near(const Box& a, const Box& b, float tolerance) {
  EXPECT_NEAR(a.x0, b.x0, tolerance);
  EXPECT_NEAR(a.y0, b.y0, tolerance);
  EXPECT_NEAR(a.x1, b.x1, tolerance);
  EXPECT_NEAR(a.y1, b.y1, tolerance);
}

TEST(Augment, FlipsMoveTheBoxesWithThePicture) {
  const Box box{10, 20, 35, 30};
  AugmentationConfig config = nothing;
  config.flip = config.flip_vertical = true;
  std::set<std::pair<float, float>> corners;  // that the box was seen at
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Image image = painted(100, 80, box);
    std::vector<DetectionTarget> targets = {target(box)};
    Rng rng(seed);
    augment(image, targets, config, rng);
    ASSERT_EQ(targets.size(), 1U);
    EXPECT_EQ(targets[0].box, light_part(image));
    corners.emplace(targets[0].box.x0, targets[0].box.y0);
  }
  const std::set<std::pair<float, float>> expected = {{10, 20}, {65, 20}, {10, 50}, {65, 50}};
  EXPECT_EQ(corners, expected);
}

TEST(Augment, PicturesWhosePhrasesMentionASideAreNotFlipped) {
  const Box box{10, 20, 35, 30};
  for (const char* phrase : {"leftmost dog", "dog right of the bus"}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      Image image = painted(100, 80, box);
      std::vector<DetectionTarget> targets = {target(box, phrase), target(box)};
      Rng rng(seed);
      augment(image, targets, {.flip = true}, rng);
      EXPECT_EQ(image, painted(100, 80, box));
      EXPECT_EQ(targets[0].box, box);
    }
  }
}

// Wherever the cut falls: a box that stays bounds what is left of its contents, and goes exactly where that is under 30 %.
TEST(Augment, ZoomKeepsWhatIsLeftOfABox) {
  int kept = 0, cut = 0, dropped = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Box box{60, 10, 95, 40};
    Image image = painted(100, 80, box);
    std::vector<DetectionTarget> targets = {target(box)};
    Rng rng(seed);
    augment(image, targets, {.flip = true, .zoom = 1, .min_part = 0.4}, rng);
    EXPECT_GE(image.width, 40);
    const Box left = light_part(image);
    if (targets.empty()) {
      ++dropped;
      EXPECT_LT(left.area(), 0.3F * box.area()) << seed;
      continue;
    }
    ++(left.area() < box.area() ? cut : kept);
    EXPECT_GE(left.area(), 0.3F * box.area()) << seed;
    expect_near(targets[0].box, left, 1e-3F);
  }
  EXPECT_GT(kept, 30);
  EXPECT_GT(cut, 30);
  EXPECT_GT(dropped, 30);
}

TEST(Augment, BrightnessAndContrastStayInTheirBounds) {
  std::set<int> lights;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const Box box{10, 20, 35, 30};
    Image image = painted(100, 80, box);
    std::vector<DetectionTarget> targets = {target(box)};
    Rng rng(seed);
    augment(image, targets, {.flip = false, .brightness = 0.2}, rng);
    const int light = image.pixel(20, 25)[0];
    lights.insert(light);
    EXPECT_GE(light, 175);  // 220 x 0.8, rounded down
    EXPECT_EQ(targets[0].box, box);
  }
  EXPECT_GT(lights.size(), 10U);
}

// Pictures of one gray each, by which they are told, with a light rectangle; two phrases and one that is never there.
class Grays : public DetectionDataset {
 public:
  static constexpr std::size_t count = 7;
  std::size_t size() const override { return count; }
  DetectionSample sample(std::size_t index) const override {
    DetectionTarget crowd = target({0, 0, 10, 10}, "cat");
    crowd.crowd = true;
    return {.key = std::to_string(index),
            .width = 100,
            .height = 80,
            .targets = {target(box, index % 2 == 0 ? "cat" : "dog"), std::move(crowd)},
            .caption = {}};
  }
  Image image(std::size_t index) const override {
    Image image = painted(100, 80, box);
    std::ranges::replace(image.data, ground, static_cast<std::uint8_t>(10 * (index + 1)));
    return image;
  }
  bool has_image(std::size_t) const override { return true; }
  const std::vector<std::string>& phrases() const override { return phrases_; }
  const DatasetReport& report() const override { return report_; }

  static constexpr Box box{40, 20, 70, 60};

 private:
  std::vector<std::string> phrases_ = {"cat", "dog", "bird"};
  DatasetReport report_;
};

std::size_t picture_of(const TrainingSample& sample) { return sample.image.pixel(0, 0)[0] / 10U - 1; }

bool same(const TrainingSample& a, const TrainingSample& b) {
  return a.image == b.image && a.boxes == b.boxes && a.phrases == b.phrases && a.phrases_of == b.phrases_of;
}

const BatchShape shape{.size = 50, .phrases = 2};

TEST(DatasetSamples, EachRoundShowsEachPictureOnceInAnOrderOfItsOwn) {
  const DatasetSamples samples(std::make_shared<Grays>(), 3, nothing), others(std::make_shared<Grays>(), 4, nothing);
  std::set<std::vector<std::size_t>> orders;
  for (std::uint64_t round = 0; round < 6; ++round) {
    std::vector<std::size_t> order, other;
    for (std::uint64_t i = 0; i < Grays::count; ++i) {
      order.push_back(picture_of(samples.sample(round * Grays::count + i, shape)));
      other.push_back(picture_of(others.sample(round * Grays::count + i, shape)));
    }
    orders.insert(order);
    orders.insert(other);
    std::ranges::sort(order);
    EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6})) << round;
  }
  EXPECT_GE(orders.size(), 11U);  // of 12 drawn from 5040
}

TEST(DatasetSamples, BoxesFollowTheResizedPictureAndTheirPhrases) {
  const DatasetSamples samples(std::make_shared<Grays>(), 3, {.flip = true, .zoom = 0.5, .min_part = 0.6});
  int with_box = 0;
  for (std::uint64_t number = 0; number < 60; ++number) {
    const TrainingSample sample = samples.sample(number, shape);
    EXPECT_EQ(sample.image.width, 50);
    EXPECT_EQ(sample.image.height, 40);
    EXPECT_EQ(sample.phrases.size(), 2U);  // filled with what is not there
    ASSERT_LE(sample.boxes.size(), 1U);    // crowds are not learnt
    if (sample.boxes.empty()) continue;
    ++with_box;
    ASSERT_EQ(sample.phrases_of[0].size(), 1U);
    EXPECT_EQ(sample.phrases[static_cast<std::size_t>(sample.phrases_of[0][0])], picture_of(sample) % 2 == 0 ? "cat" : "dog");
    expect_near(sample.boxes[0], light_part(sample.image), 1);
  }
  EXPECT_GT(with_box, 40);
}

// A box is asked for by its own phrase and by what else is true of it, and none of these is ever asked as absent beside it.
TEST(DatasetSamples, SynonymsFitTheSameBoxAndAreNeverAbsent) {
  const PhraseBook book{.synonyms = {{"cat", {"cats", "animal"}}, {"dog", {"animal"}}}, .absent = {"bus"}};
  const DatasetSamples samples(std::make_shared<Grays>(), 3, nothing, book);
  std::set<std::string> met;
  for (std::uint64_t number = 0; number < 40; ++number) {
    const TrainingSample sample = samples.sample(number, {.size = 50, .phrases = 6});
    const bool cat = picture_of(sample) % 2 == 0;
    std::set<std::string> fitting, asked(sample.phrases.begin(), sample.phrases.end());
    for (const int place : sample.phrases_of.at(0)) fitting.insert(sample.phrases[static_cast<std::size_t>(place)]);
    EXPECT_EQ(fitting, cat ? (std::set<std::string>{"cat", "cats", "animal"}) : (std::set<std::string>{"dog", "animal"}));
    EXPECT_EQ(asked.contains("cat"), cat) << "a crowd of cats is there, but has no box";
    EXPECT_EQ(asked.size(), sample.phrases.size());
    met.merge(asked);
  }
  EXPECT_EQ(met, (std::set<std::string>{"cat", "cats", "animal", "dog", "bird", "bus"}));
}

TEST(DatasetSamples, SomeOfWhatIsThereIsNotAskedFor) {
  const DatasetSamples samples(std::make_shared<Grays>(), 3, nothing, {.synonyms = {}, .absent = {"bus"}, .drop_positive = 0.5});
  int without = 0;
  for (std::uint64_t number = 0; number < 200; ++number) {
    const TrainingSample sample = samples.sample(number, {.size = 50, .phrases = 1});
    ASSERT_EQ(sample.phrases.size(), 1U);
    const bool own = sample.phrases[0] == (picture_of(sample) % 2 == 0 ? "cat" : "dog");
    EXPECT_EQ(own, sample.boxes.size() == 1);
    without += !own;
  }
  EXPECT_NEAR(without, 100, 25);
}

// Two sets of one class each, which the files call alike; the pictures of the second may show cats without a label.
class Mixture : public ::testing::Test {
 protected:
  static std::shared_ptr<Grays> grays() { return std::make_shared<Grays>(); }
  DetectionSource first_{.data = "a", .class_phrases = {}, .synonyms = {{"cat", {"tabby"}}}, .unlabelled = {}, .share = 3};
  DetectionSource second_{.data = "b", .class_phrases = {}, .synonyms = {}, .unlabelled = {"tabby"}, .share = 1};
};

TEST_F(Mixture, EachSetHasItsShareOfEveryRoundAndShowsEachPictureOnce) {
  const MixedSamples samples({grays(), grays()}, {first_, second_}, 5, nothing, 0);
  std::map<std::size_t, int> shown;
  for (std::uint64_t number = 0; number < 4 * 7; ++number) ++shown[picture_of(samples.sample(number, shape))];
  // 28 samples: three times seven of the first set, and once seven of the second.
  EXPECT_EQ(shown.size(), 7U);
  for (const auto& [picture, times] : shown) EXPECT_EQ(times, 4) << picture;
}

TEST_F(Mixture, AnothersPhrasesAreAbsentUnlessTheyMayBeThereUnlabelled) {
  second_.synonyms = {{"dog", {"puppy"}}};
  const auto asked = [&](const DetectionSource& one, const DetectionSource& other) {
    std::set<std::string> met;
    const MixedSamples samples({grays(), grays()}, {one, other}, 5, nothing, 0);
    for (std::uint64_t number = 0; number < 60; ++number)
      for (const std::string& phrase : samples.sample(number, {.size = 50, .phrases = 3}).phrases) met.insert(phrase);
    return met;
  };
  EXPECT_EQ(asked(first_, second_), (std::set<std::string>{"cat", "dog", "bird", "tabby", "puppy"}));
  first_.synonyms = {};
  first_.unlabelled = {"puppy"};
  first_.share = 1000;  // hardly a sample of the second
  EXPECT_FALSE(asked(first_, second_).contains("puppy"));
}

TEST_F(Mixture, SynonymsOfAnUnknownPhraseAreRefused) {
  first_.synonyms = {{"horse", {"mare"}}};
  EXPECT_THROW(MixedSamples({grays()}, {first_}, 5, nothing, 0), std::invalid_argument);
}

TEST(DatasetSamples, ANumberIsOneSampleOnAnyThread) {
  const DatasetSamples samples(std::make_shared<Grays>(), 3, {.flip = true, .zoom = 0.5, .brightness = 0.2, .contrast = 0.2});
  std::vector<TrainingSample> expected;
  for (std::uint64_t number = 0; number < 30; ++number) expected.push_back(samples.sample(number, shape));
  EXPECT_FALSE(same(expected[0], expected[1]));
  std::array<int, 4> differing{};
  std::vector<std::thread> threads;
  for (int& count : differing)
    threads.emplace_back([&] {
      for (std::uint64_t number = 30; number-- > 0;) count += !same(samples.sample(number, shape), expected[number]);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(differing, (std::array<int, 4>{}));
}

}  // namespace
}  // namespace omma::grounding_dino

#include "omma/models/grounding_dino/training_dataset.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "omma/base/error.h"
#include "omma/data/shuffled_order.h"
#include "omma/vision/orientation.h"
#include "omma/vision/resize.h"

namespace omma {
namespace {

constexpr std::size_t kPhrasePool = 1000;  // samples whose phrases an open data set's negatives are drawn from

bool mentions_a_side(const std::vector<DetectionTarget>& targets) {
  return std::ranges::any_of(targets, [](const DetectionTarget& target) {
    return target.phrase.find("left") != std::string::npos || target.phrase.find("right") != std::string::npos;
  });
}

void flip(Image& image, std::vector<DetectionTarget>& targets, bool horizontal) {
  image = upright(std::move(image), horizontal ? 2 : 4);
  for (DetectionTarget& target : targets) {
    Box& box = target.box;
    if (horizontal)
      box = {static_cast<float>(image.width) - box.x1, box.y0, static_cast<float>(image.width) - box.x0, box.y1};
    else
      box = {box.x0, static_cast<float>(image.height) - box.y1, box.x1, static_cast<float>(image.height) - box.y0};
  }
}

void zoom(Image& image, std::vector<DetectionTarget>& targets, double least_part, Rng& rng) {
  const double part = rng.uniform(least_part, 1);
  const int width = std::max(1, static_cast<int>(std::lround(part * image.width)));
  const int height = std::max(1, static_cast<int>(std::lround(part * image.height)));
  const int left = rng.between(0, image.width - width), top = rng.between(0, image.height - height);
  Image crop(width, height);
  for (int y = 0; y < height; ++y) std::copy_n(image.pixel(left, top + y), 3 * width, crop.pixel(0, y));
  image = std::move(crop);
  std::erase_if(targets, [&](DetectionTarget& target) {
    const float whole = target.box.area();
    const auto along = [](float value, int offset, int side) {
      return std::clamp(value - static_cast<float>(offset), 0.F, static_cast<float>(side));
    };
    target.box = {along(target.box.x0, left, width), along(target.box.y0, top, height), along(target.box.x1, left, width),
                  along(target.box.y1, top, height)};
    return target.box.area() < 0.3F * whole || target.box.area() <= 0;
  });
}

void recolor(Image& image, double brightness, double contrast) {
  const double mean = std::accumulate(image.data.begin(), image.data.end(), 0.0) / static_cast<double>(image.data.size());
  std::array<std::uint8_t, 256> table{};
  for (std::size_t value = 0; value < 256; ++value)
    table[value] =
        static_cast<std::uint8_t>(std::clamp(brightness * (mean + contrast * (static_cast<double>(value) - mean)), 0.0, 255.0));
  for (std::uint8_t& value : image.data) value = table[value];
}

}  // namespace

void augment(Image& image, std::vector<DetectionTarget>& targets, const AugmentationConfig& config, Rng& rng) {
  if (rng.chance(config.zoom)) zoom(image, targets, config.least_part, rng);
  if (config.flip && rng.chance(0.5) && !mentions_a_side(targets)) flip(image, targets, true);
  if (config.flip_vertical && rng.chance(0.5)) flip(image, targets, false);
  if (config.brightness > 0 || config.contrast > 0)
    recolor(image, 1 + rng.uniform(-config.brightness, config.brightness), 1 + rng.uniform(-config.contrast, config.contrast));
}

DatasetSamples::DatasetSamples(std::shared_ptr<const DetectionDataset> dataset, std::uint64_t seed,
                               const AugmentationConfig& config)
    : dataset_(std::move(dataset)), seed_(seed), config_(config), phrases_(dataset_->phrases()) {
  check(dataset_->size() > 0, "training data: the data set has no sample");
  if (!phrases_.empty()) return;
  std::set<std::string> met;
  for (std::size_t i = 0; i < std::min(dataset_->size(), kPhrasePool); ++i)
    for (const DetectionTarget& target : dataset_->sample(i).targets) met.insert(target.phrase);
  phrases_.assign(met.begin(), met.end());
}

std::size_t DatasetSamples::index_of(std::uint64_t number) const {
  std::vector<std::uint32_t> order(dataset_->size());
  std::iota(order.begin(), order.end(), 0U);
  Rng rng(seed_ ^ order_stream, number / dataset_->size());
  rng.shuffle(order);
  return order[number % dataset_->size()];
}

TrainingSample DatasetSamples::sample(std::uint64_t number, const BatchShape& shape) const {
  Rng rng(seed_, number);
  auto [labels, image] = dataset_->load(index_of(number));
  const double long_side = std::max(image.width, image.height);
  const int width = std::max(1, static_cast<int>(std::lround(shape.size * image.width / long_side)));
  const int height = std::max(1, static_cast<int>(std::lround(shape.size * image.height / long_side)));
  std::erase_if(labels.targets, [](const DetectionTarget& target) { return target.crowd; });
  augment(image, labels.targets, config_, rng);
  const float scale_x = static_cast<float>(width) / static_cast<float>(image.width);
  const float scale_y = static_cast<float>(height) / static_cast<float>(image.height);

  std::vector<std::string> phrases;
  for (const DetectionTarget& target : labels.targets)
    if (std::ranges::find(phrases, target.phrase) == phrases.end()) phrases.push_back(target.phrase);
  rng.shuffle(phrases);
  if (phrases.size() > static_cast<std::size_t>(shape.phrases)) phrases.resize(static_cast<std::size_t>(shape.phrases));
  std::vector<std::string> others = phrases_;
  rng.shuffle(others);
  for (const std::string& other : others)
    if (phrases.size() < static_cast<std::size_t>(shape.phrases) && std::ranges::find(phrases, other) == phrases.end())
      phrases.push_back(other);
  rng.shuffle(phrases);

  TrainingSample sample{
      .image = resize(image, width, height, Resample::bilinear), .boxes = {}, .phrases = phrases, .phrases_of = {}};
  for (const DetectionTarget& target : labels.targets) {
    const auto place = std::ranges::find(phrases, target.phrase);
    if (place == phrases.end()) continue;
    sample.boxes.push_back({scale_x * target.box.x0, scale_y * target.box.y0, scale_x * target.box.x1, scale_y * target.box.y1});
    sample.phrases_of.push_back({static_cast<int>(place - phrases.begin())});
  }
  return sample;
}

}  // namespace omma

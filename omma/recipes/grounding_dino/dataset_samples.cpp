#include "omma/recipes/grounding_dino/dataset_samples.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include "omma/base/error.h"
#include "omma/vision/orientation.h"
#include "omma/vision/resize.h"

namespace omma::grounding_dino {
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

void zoom(Image& image, std::vector<DetectionTarget>& targets, double min_part, Rng& rng) {
  const double part = rng.uniform(min_part, 1);
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
  if (rng.chance(config.zoom)) zoom(image, targets, config.min_part, rng);
  if (config.flip && rng.chance(0.5) && !mentions_a_side(targets)) flip(image, targets, true);
  if (config.flip_vertical && rng.chance(0.5)) flip(image, targets, false);
  if (config.brightness > 0 || config.contrast > 0)
    recolor(image, 1 + rng.uniform(-config.brightness, config.brightness), 1 + rng.uniform(-config.contrast, config.contrast));
}

DatasetSamples::DatasetSamples(std::shared_ptr<const DetectionDataset> dataset, std::uint64_t seed,
                               const AugmentationConfig& config, PhraseBook book, double max_fault_share)
    : dataset_((check(dataset->size() > 0, "training data: the data set has no sample"), std::move(dataset))),
      seed_(seed),
      stream_(dataset_, seed, "training data", max_fault_share),
      config_(config),
      book_(std::move(book)) {
  std::set<std::string> met(dataset_->phrases().begin(), dataset_->phrases().end());
  if (met.empty())
    for (std::size_t i = 0; i < std::min(dataset_->size(), kPhrasePool); ++i)
      for (const DetectionTarget& target : dataset_->sample(i).targets) met.insert(target.phrase);
  for (const auto& [phrase, others] : book_.synonyms)
    if (met.contains(phrase)) met.insert(others.begin(), others.end());
  own_.assign(met.begin(), met.end());
}

std::vector<std::string> DatasetSamples::phrases_of(const DetectionTarget& target) const {
  std::vector<std::string> phrases = {target.phrase};
  if (const auto found = book_.synonyms.find(target.phrase); found != book_.synonyms.end())
    phrases.insert(phrases.end(), found->second.begin(), found->second.end());
  return phrases;
}

// What is there first; then what is not, of the set's own phrases and of all others in turn. A crowd has no box that could be
// learnt, yet what it shows is there: it is not asked for.
std::vector<std::string> DatasetSamples::draw_prompt(const std::vector<DetectionTarget>& targets, int limit, Rng& rng) const {
  std::set<std::string> present, boxed;
  for (const DetectionTarget& target : targets) {
    const std::vector<std::string> phrases = phrases_of(target);
    present.insert(phrases.begin(), phrases.end());
    if (!target.crowd) boxed.insert(phrases.begin(), phrases.end());
  }
  std::vector<std::string> prompt(boxed.begin(), boxed.end());
  std::erase_if(prompt, [&](const std::string&) { return rng.chance(book_.drop_positive); });
  rng.shuffle(prompt);
  if (prompt.size() > static_cast<std::size_t>(limit)) prompt.resize(static_cast<std::size_t>(limit));

  std::array pools = {own_, book_.absent};
  for (std::vector<std::string>& pool : pools) rng.shuffle(pool);
  while (prompt.size() < static_cast<std::size_t>(limit) && !(pools[0].empty() && pools[1].empty())) {
    std::vector<std::string>& pool = pools[pools[0].empty() || (!pools[1].empty() && rng.chance(0.5)) ? 1 : 0];
    if (!present.contains(pool.back()) && std::ranges::find(prompt, pool.back()) == prompt.end()) prompt.push_back(pool.back());
    pool.pop_back();
  }
  rng.shuffle(prompt);
  return prompt;
}

TrainingSample DatasetSamples::sample(std::uint64_t number, const BatchShape& shape) const {
  Rng rng(seed_, number);
  auto [labels, image] = stream_.load(number).loaded;
  const Size size = detr_size({image.width, image.height}, shape.size, shape.size);
  augment(image, labels.targets, config_, rng);
  const float scale_x = static_cast<float>(size.width) / static_cast<float>(image.width);
  const float scale_y = static_cast<float>(size.height) / static_cast<float>(image.height);

  TrainingSample sample{.image = resize(image, size.width, size.height, Resample::bilinear),
                        .boxes = {},
                        .phrases = draw_prompt(labels.targets, shape.phrases, rng),
                        .phrases_of = {}};
  for (const DetectionTarget& target : labels.targets) {
    if (target.crowd) continue;
    std::vector<int> places;
    for (const std::string& phrase : phrases_of(target))
      if (const auto place = std::ranges::find(sample.phrases, phrase); place != sample.phrases.end())
        places.push_back(static_cast<int>(place - sample.phrases.begin()));
    if (places.empty()) continue;
    sample.boxes.push_back({scale_x * target.box.x0, scale_y * target.box.y0, scale_x * target.box.x1, scale_y * target.box.y1});
    sample.phrases_of.push_back(std::move(places));
  }
  return sample;
}

}  // namespace omma::grounding_dino

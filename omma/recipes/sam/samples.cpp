#include "omma/recipes/sam/samples.h"

#include <ATen/ops/_upsample_bilinear2d_aa.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "omma/base/rng.h"
#include "omma/data/sample_stream.h"
#include "omma/data/world_masks.h"
#include "omma/vision/resize.h"
#include "omma/vision/run_lengths.h"

namespace omma::sam {
namespace {

constexpr std::uint64_t choice_stream = 0x63686f6963650000ULL;
constexpr std::uint64_t change_stream = 0x6368616e67650000ULL;

Tensor to_tensor(const Mask& mask) {  // [H, W] uint8
  const Tensor tensor = torch::empty({mask.height, mask.width}, torch::kUInt8);
  std::memcpy(tensor.mutable_data_ptr(), mask.data.data(), mask.data.size());
  return tensor;
}

// Masks [K, h, w] at another size: set where at least half of a pixel's area is.
Tensor resized_masks(const Tensor& masks, int64_t height, int64_t width) {
  if (masks.size(0) == 0) return torch::empty({0, height, width}, torch::kUInt8);
  if (masks.size(1) == height && masks.size(2) == width) return masks;
  const Tensor smooth = at::_upsample_bilinear2d_aa(masks.unsqueeze(0).to(torch::kFloat32), {height, width}, false);
  return (smooth.squeeze(0) >= 0.5).to(torch::kUInt8);
}

// A picture of any size and its masks at the top left of the frame.
MaskSample in_frame(const Image& image, const Tensor& masks, int side) {
  const Size size = longest_side_size({.width = image.width, .height = image.height}, side);
  const bool fits = size.width == image.width && size.height == image.height;
  const Tensor pixels = omma::to_tensor(fits ? image : resize(image, size.width, size.height, Resample::bilinear));
  const auto padded = [&](const Tensor& map) { return torch::constant_pad_nd(map, {0, side - size.width, 0, side - size.height}); };
  return {.pixels = padded(pixels), .masks = padded(resized_masks(masks, size.height, size.width))};
}

// Some of the masks that are neither too small nor all of the picture.
Tensor chosen(const Tensor& masks, const MaskChoice& choice, Rng& rng) {
  const Tensor areas = masks.flatten(1).sum(1);
  std::vector<int64_t> fit;
  for (int64_t i = 0; i < masks.size(0); ++i) {
    const int64_t area = areas[i].item<int64_t>();
    const auto most = static_cast<int64_t>(choice.max_share * static_cast<double>(choice.side * choice.side));
    if (area >= choice.min_pixels && area <= most) fit.push_back(i);
  }
  rng.shuffle(fit);
  fit.resize(std::min(fit.size(), static_cast<std::size_t>(choice.max_masks)));
  return masks.index_select(0, torch::tensor(fit, torch::kInt64));
}

class WorldMasks : public MaskSource {
 public:
  WorldMasks(std::uint64_t seed, const WorldMaskConfig& config, const MaskChoice& choice)
      : seed_(seed), config_(config), choice_(choice) {}

  MaskSample sample(std::uint64_t number) const override {
    Rng rng(seed_ ^ choice_stream, number);
    const int side = static_cast<int>(choice_.side);
    const int size =
        config_.max_size == 0 ? side : rng.between(static_cast<int>(config_.min_size), static_cast<int>(config_.max_size));
    const MaskedScene scene =
        make_masked_scene(seed_, number, {.size = size, .variety = config_.variety, .emblems = config_.emblems});
    std::vector<Tensor> masks;
    for (const MaskedObject& object : scene.objects) masks.push_back(to_tensor(object.visible));
    MaskSample sample = in_frame(scene.image, torch::stack(masks), side);
    sample.masks = chosen(sample.masks, choice_, rng);
    return sample;
  }

 private:
  std::uint64_t seed_;
  WorldMaskConfig config_;
  MaskChoice choice_;
};

class DatasetMasks : public MaskSource {
 public:
  DatasetMasks(std::shared_ptr<const SegmentationDataset> dataset, std::uint64_t seed, const MaskAugmentation& augmentation,
               const MaskChoice& choice, double max_fault_share)
      : seed_(seed),
        stream_(std::move(dataset), seed, "training data", max_fault_share),
        augmentation_(augmentation),
        choice_(choice) {}

  MaskSample sample(std::uint64_t number) const override {
    Rng rng(seed_ ^ change_stream, number);
    SegmentedImage item = stream_.load(number).loaded;
    std::erase_if(item.sample.targets, [](const SegmentationTarget& target) { return target.crowd; });
    if (augmentation_.max_zoom > 1) zoom(item, rng);
    recolor(item.image, rng);
    std::vector<Tensor> masks = {torch::empty({0, item.image.height, item.image.width}, torch::kUInt8)};
    for (const SegmentationTarget& target : item.sample.targets) masks.push_back(to_tensor(decode(target.mask)).unsqueeze(0));
    MaskSample sample = in_frame(item.image, torch::cat(masks), static_cast<int>(choice_.side));
    turn(sample, rng);
    sample.masks = chosen(sample.masks, choice_, rng);
    return sample;
  }

  DatasetReport report() const override { return stream_.report(); }

 private:
  // A square part, with an object in it where there is one.
  void zoom(SegmentedImage& item, Rng& rng) const {
    const double factor = rng.uniform(augmentation_.min_zoom, augmentation_.max_zoom);
    const int part = std::max(8, static_cast<int>(static_cast<double>(choice_.side) / factor));
    const int width = std::min(part, item.image.width), height = std::min(part, item.image.height);
    int left = rng.between(0, item.image.width - width), top = rng.between(0, item.image.height - height);
    if (!item.sample.targets.empty()) {
      const Box& box = rng.pick(std::span<const SegmentationTarget>(item.sample.targets)).box;
      const auto around = [&](float middle, int length, int all) {
        return std::clamp(static_cast<int>(middle) - rng.between(length / 4, 3 * length / 4), 0, all - length);
      };
      left = around((box.x0 + box.x1) / 2, width, item.image.width);
      top = around((box.y0 + box.y1) / 2, height, item.image.height);
    }
    Image crop(width, height);
    for (int y = 0; y < height; ++y)
      std::copy_n(item.image.pixel(left, top + y), 3 * static_cast<std::size_t>(width), crop.pixel(0, y));
    item.image = std::move(crop);
    std::erase_if(item.sample.targets, [&](SegmentationTarget& target) {
      target.mask = place(target.mask, -left, -top, width, height);
      return area(target.mask) == 0;
    });
  }

  void turn(MaskSample& sample, Rng& rng) const {
    const auto change = [&](auto operation) {
      sample.pixels = operation(sample.pixels);
      sample.masks = operation(sample.masks);
    };
    if ((augmentation_.flip || augmentation_.turn) && rng.chance(0.5)) change([](const Tensor& x) { return x.flip({2}); });
    if (!augmentation_.turn) return;
    if (rng.chance(0.5)) change([](const Tensor& x) { return x.flip({1}); });
    if (rng.chance(0.5)) change([](const Tensor& x) { return x.transpose(1, 2); });
  }

  void recolor(Image& image, Rng& rng) const {
    if (augmentation_.contrast == 0 && augmentation_.brightness == 0 && augmentation_.tint == 0) return;
    const auto around = [&](double width) { return rng.uniform(-width, width); };
    const double contrast = 1 + around(augmentation_.contrast), brightness = around(augmentation_.brightness);
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const double shift = 255 * (brightness + around(augmentation_.tint));
      std::array<std::uint8_t, 256> table{};
      for (int value = 0; value < 256; ++value)
        table[static_cast<std::size_t>(value)] =
            static_cast<std::uint8_t>(std::clamp(127.5 + contrast * (value - 127.5) + shift, 0.0, 255.0));
      for (std::size_t i = channel; i < image.data.size(); i += 3) image.data[i] = table[image.data[i]];
    }
  }

  std::uint64_t seed_;
  SampleStream<SegmentationDataset> stream_;
  MaskAugmentation augmentation_;
  MaskChoice choice_;
};

}  // namespace

std::unique_ptr<MaskSource> world_masks(std::uint64_t seed, const WorldMaskConfig& config, const MaskChoice& choice) {
  return std::make_unique<WorldMasks>(seed, config, choice);
}

std::unique_ptr<MaskSource> dataset_masks(std::shared_ptr<const SegmentationDataset> dataset, std::uint64_t seed,
                                          const MaskAugmentation& augmentation, const MaskChoice& choice, double max_fault_share) {
  return std::make_unique<DatasetMasks>(std::move(dataset), seed, augmentation, choice, max_fault_share);
}

}  // namespace omma::sam

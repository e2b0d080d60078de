// Pre-training an image encoder on the picture-book world: every patch says what it shows, a name and a colour; the classifier is
// thrown away afterwards.
//
// B pictures of S x S pixels, C channels.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "omma/base/config.h"
#include "omma/nn/image_processor.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"
#include "omma/train/training_task.h"

namespace omma {

struct PatchTrainingConfig {
  int64_t batch_size = 64;
  double ground_weight = 0.2;  // of a patch that shows the ground, against 1 for an object's

  template <class Fields>
  void fields(Fields& field) {
    field("batch_size", batch_size, Range{1, 4096});
    field("ground_weight", ground_weight, Range{0, 1});
  }
};

struct PatchEncoder {
  std::shared_ptr<torch::nn::Module> module;
  std::function<Tensor(const Tensor& pixels)> features;  // [B, 3, S, S] -> [B, patches row by row, C]
  int64_t channels;
  int64_t image_size, patch_size;  // pixels a side
  ImageProcessorConfig processor;
  std::function<void(const std::filesystem::path& directory)> save;
};

// Validates by the share of right names and colours among the patches that show an object ("names_right", "colors_right").
std::unique_ptr<TrainingTask> make_patch_training(PatchEncoder encoder, const PatchTrainingConfig& config, std::uint64_t seed);

}  // namespace omma

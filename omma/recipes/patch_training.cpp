#include "omma/recipes/patch_training.h"

#include <algorithm>
#include <array>

#include "omma/data/world/scene.h"
#include "omma/nn/linear.h"
#include "omma/recipes/scene_classes.h"

namespace omma {
namespace {

constexpr std::uint64_t kValidationSeed = 1;
constexpr int64_t kValidationScenes = 256;

// The encoder, and a linear classifier on each patch.
class PatchClassifierImpl : public torch::nn::Module {
 public:
  explicit PatchClassifierImpl(const PatchEncoder& encoder)
      : features_(encoder.features), classifier_(register_module("classifier", Linear(encoder.channels, scene_class_count))) {
    register_module("encoder", encoder.module);
  }

  Tensor forward(const Tensor& pixels) { return classifier_(features_(pixels)); }  // [B, patches, names + colors]

 private:
  std::function<Tensor(const Tensor&)> features_;
  Linear classifier_;
};
TORCH_MODULE(PatchClassifier);

struct LabelledPatches {
  Tensor pixels;         // [B, 3, S, S]
  Tensor names, colors;  // [B, patches] int64
};

// What most of a patch's pixels show: of all classes but the ground, where they fill a quarter of it.
std::int64_t class_of_patch(const std::vector<std::uint8_t>& classes, int64_t side, int64_t patch, int64_t row, int64_t column) {
  std::array<int64_t, world_name_classes> counts{};
  for (int64_t y = row * patch; y < (row + 1) * patch; ++y)
    for (int64_t x = column * patch; x < (column + 1) * patch; ++x) ++counts[classes[static_cast<std::size_t>(y * side + x)]];
  const auto best = std::max_element(counts.begin() + 1, counts.end());
  return *best * 4 >= patch * patch ? best - counts.begin() : 0;
}

class PatchTraining : public TrainingTask {
 public:
  PatchTraining(PatchEncoder encoder, const PatchTrainingConfig& config, std::uint64_t seed)
      : seed_(seed),
        config_(config),
        encoder_(std::move(encoder)),
        processor_(encoder_.processor),
        model_(encoder_),
        class_loss_(config.ground_weight) {}

  torch::nn::Module& module() override { return *model_; }
  int64_t batch_size() const override { return config_.batch_size; }

  PreparedStep prepare(int64_t number) const override {
    auto batch =
        std::make_shared<const LabelledPatches>(draw(seed_, Split::train, number * config_.batch_size, config_.batch_size));
    return [this, batch] { return loss(*batch); };
  }

  json validate() override {
    const LabelledPatches batch = draw(kValidationSeed, Split::val, 0, kValidationScenes);
    const Tensor logits = model_(batch.pixels.to(model_->parameters().front().device())).cpu();
    const Tensor objects = batch.names > 0;
    const auto right = [&](const Tensor& scores, const Tensor& truth) {
      return (scores.argmax(-1) == truth).index({objects}).to(torch::kFloat32).mean().item<double>();
    };
    return {{"names_right", right(name_logits(logits, 2), batch.names)},
            {"colors_right", right(color_logits(logits, 2), batch.colors)}};
  }

  void save_model(const std::filesystem::path& directory) override { encoder_.save(directory); }

 private:
  LabelledPatches draw(std::uint64_t seed, Split split, int64_t first, int64_t count) const {
    const int64_t side = encoder_.image_size, patch = encoder_.patch_size, grid = side / patch;
    LabelledPatches batch;
    batch.names = torch::empty({count, grid * grid}, torch::kLong);
    batch.colors = torch::empty_like(batch.names);
    std::vector<Tensor> pixels;
    for (int64_t i = 0; i < count; ++i) {
      const Scene scene = make_scene(seed, static_cast<std::uint64_t>(first + i), {.size = static_cast<int>(side), .split = split});
      const ClassMap classes = class_map(scene);
      pixels.push_back(processor_(scene.image));
      for (int64_t p = 0; p < grid * grid; ++p) {
        batch.names.mutable_data_ptr<int64_t>()[i * grid * grid + p] =
            class_of_patch(classes.names, side, patch, p / grid, p % grid);
        batch.colors.mutable_data_ptr<int64_t>()[i * grid * grid + p] =
            class_of_patch(classes.colors, side, patch, p / grid, p % grid);
      }
    }
    batch.pixels = torch::stack(pixels);
    return batch;
  }

  StepLoss loss(const LabelledPatches& batch) const {
    PatchClassifier model = model_;  // the same weights: a batch is const, learning from it is not
    const torch::Device device = model->parameters().front().device();
    const Tensor logits = model(batch.pixels.to(device)).flatten(0, 1);  // [B patches, names + colors]
    const auto [names, colors] = class_loss_(logits, batch.names.flatten().to(device), batch.colors.flatten().to(device));
    return {.total = names + colors, .parts = {{"loss_names", names.detach()}, {"loss_colors", colors.detach()}}};
  }

  std::uint64_t seed_;
  PatchTrainingConfig config_;
  PatchEncoder encoder_;
  ImageProcessor processor_;
  PatchClassifier model_;
  SceneClassLoss class_loss_;
};

}  // namespace

std::unique_ptr<TrainingTask> make_patch_training(PatchEncoder encoder, const PatchTrainingConfig& config, std::uint64_t seed) {
  return std::make_unique<PatchTraining>(std::move(encoder), config, seed);
}

}  // namespace omma

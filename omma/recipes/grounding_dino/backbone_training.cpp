#include "omma/recipes/grounding_dino/backbone_training.h"

#include "omma/data/world/scene.h"
#include "omma/nn/layers.h"
#include "omma/nn/tensor.h"
#include "omma/nn/weights.h"
#include "omma/recipes/scene_classes.h"

namespace omma::grounding_dino {
namespace {

// The backbone under the names it has in a detector, and a linear classifier on each map.
class DenseClassifierImpl : public torch::nn::Module {
 public:
  explicit DenseClassifierImpl(const SwinConfig& config)
      : backbone_(register_at(*this, "model.backbone.conv_encoder.model", SwinBackbone(config))) {
    for (const int64_t stage : config.out_indices)
      classifiers_.push_back(
          register_module(fmt::format("classifier_{}", stage),
                          torch::nn::Conv2d(torch::nn::Conv2dOptions(config.channels(stage), scene_class_count, 1))));
  }

  std::vector<Tensor> forward(const Tensor& pixels) {  // of each map [B, names + colors, H, W]
    std::vector<Tensor> maps = backbone_(pixels);
    for (std::size_t i = 0; i < maps.size(); ++i) maps[i] = classifiers_[i](maps[i]);
    return maps;
  }

 private:
  SwinBackbone backbone_;
  std::vector<torch::nn::Conv2d> classifiers_;
};
TORCH_MODULE(DenseClassifier);

struct LabelledScenes {
  Tensor pixels;         // [B, 3, S, S]
  Tensor names, colors;  // [B, S, S] int64
};

class BackboneTraining : public TrainingTask {
 public:
  BackboneTraining(const TrainerConfig& trainer, const BackboneTrainingConfig& config)
      : seed_(trainer.seed), config_(config), class_loss_(config.ground_weight) {
    torch::manual_seed(trainer.seed);
    model_ = DenseClassifier(config.backbone);
  }

  torch::nn::Module& module() override { return *model_; }
  int64_t batch_size() const override { return config_.batch_size; }

  PreparedStep prepare(int64_t number) const override {
    const int64_t size = config_.size;
    auto batch = std::make_shared<LabelledScenes>();
    batch->names = torch::empty({config_.batch_size, size, size}, torch::kUInt8);
    batch->colors = torch::empty_like(batch->names);
    std::vector<Tensor> pixels;
    for (int64_t i = 0; i < config_.batch_size; ++i) {
      const Scene scene =
          make_scene(seed_, static_cast<std::uint64_t>(number * config_.batch_size + i), {.size = static_cast<int>(size)});
      const ClassMap classes = class_map(scene);
      pixels.push_back(to_tensor(scene.image));
      std::copy(classes.names.begin(), classes.names.end(), batch->names.mutable_data_ptr<std::uint8_t>() + i * size * size);
      std::copy(classes.colors.begin(), classes.colors.end(), batch->colors.mutable_data_ptr<std::uint8_t>() + i * size * size);
    }
    batch->pixels = torch::stack(pixels);
    return [this, batch] { return loss(*batch); };
  }

  void save_model(const std::filesystem::path& directory) override {
    std::filesystem::create_directories(directory);
    save_weights(directory / "model.safetensors", *model_);
  }

 private:
  StepLoss loss(const LabelledScenes& batch) const {
    DenseClassifier model = model_;  // the same weights: a batch is const, learning from it is not
    const torch::Device device = model->parameters().front().device();
    const std::vector<Tensor> maps = model(batch.pixels.to(device));
    Tensor names, colors;
    for (const Tensor& map : maps) {
      const int64_t stride = config_.size / map.size(2);
      const auto labels = [&](const Tensor& full) {  // what the middle of each position shows
        return full.slice(1, stride / 2, {}, stride).slice(2, stride / 2, {}, stride).to(device, torch::kInt64);
      };
      const auto [name_loss, color_loss] = class_loss_(map, labels(batch.names), labels(batch.colors));
      names = names.defined() ? names + name_loss : name_loss;
      colors = colors.defined() ? colors + color_loss : color_loss;
    }
    return {.total = (names + colors) / static_cast<double>(maps.size()),
            .parts = {{"loss_names", names.detach()}, {"loss_colors", colors.detach()}}};
  }

  std::uint64_t seed_;
  BackboneTrainingConfig config_;
  DenseClassifier model_ = nullptr;
  SceneClassLoss class_loss_;
};

}  // namespace

std::unique_ptr<TrainingTask> make_backbone_training(const TrainerConfig& trainer, const BackboneTrainingConfig& config) {
  return std::make_unique<BackboneTraining>(trainer, config);
}

}  // namespace omma::grounding_dino

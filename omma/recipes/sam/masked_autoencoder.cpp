#include "omma/recipes/sam/masked_autoencoder.h"

#include <algorithm>
#include <cmath>

#include "omma/base/error.h"
#include "omma/models/sam/image_encoder.h"
#include "omma/nn/layers.h"
#include "omma/train/initial_weights.h"

namespace omma::sam {
namespace {

constexpr std::uint64_t validation_seed = 0x76616c6964617465ULL;

// Of values [B, N, ...] the rows `places` [B, K].
Tensor rows_at(const Tensor& values, const Tensor& places) {
  return values.gather(1, places.unsqueeze(2).expand({-1, -1, values.size(2)}));
}

bool learns(const std::string& name) {
  const bool encoder = name.starts_with("vision_encoder.");
  return encoder && name.find(".neck.") == std::string::npos && name.find(".rel_pos_") == std::string::npos;
}

// [pictures, 3, S, S].
Tensor pictures(const MaskSource& source, std::uint64_t first, int64_t count) {
  std::vector<Tensor> pixels;
  for (int64_t i = 0; i < count; ++i) pixels.push_back(source.sample(first + static_cast<std::uint64_t>(i)).pixels);
  return torch::stack(pixels);
}

class MaskedAutoencoderTraining : public TrainingTask {
 public:
  MaskedAutoencoderTraining(const TrainerConfig& trainer, const MaskedAutoencoderConfig& config)
      : config_(config), model_config_(read_model_config(config.model, "model")) {
    check(!model_config_.tiny_vit, "model: a masked autoencoder's encoder is a plain ViT, not TinyViT");
    check(!model_config_.vision_config.int8, "model.quantization_config: layers of 8-bit numbers do not train");
    const MaskChoice choice{.side = model_config_.image_size()};
    source_ = open_masks(config, choice, trainer.seed);
    DataConfig held_out = config;
    held_out.split = config.validation_split;
    if (config.validation_pictures > 0) held_out_ = open_masks(held_out, choice, trainer.seed ^ validation_seed);
    torch::manual_seed(trainer.seed);
    autoencoder_ = MaskedAutoencoder(model_config_, config.decoder);
    for (const std::string& file : config.initial_weights) load_matching_weights(*autoencoder_->model, file, resized_positions);
  }

  torch::nn::Module& module() override { return *autoencoder_; }
  int64_t batch_size() const override { return config_.batch_size; }

  PreparedStep prepare(int64_t number) const override {
    const auto first = static_cast<std::uint64_t>(number * config_.batch_size);
    const Tensor pixels = pictures(*source_, first, config_.batch_size);
    return [this, pixels] { return StepLoss{.total = error(pixels), .parts = {}}; };
  }

  json validate() override {
    if (!held_out_) return json::object();
    torch::manual_seed(0);  // the same patches each time
    double sum = 0;
    for (int64_t done = 0; done < config_.validation_pictures; done += config_.batch_size) {
      const int64_t count = std::min(config_.batch_size, config_.validation_pictures - done);
      const Tensor pixels = pictures(*held_out_, static_cast<std::uint64_t>(done), count);
      sum += static_cast<double>(count) * error(pixels).item<double>();
    }
    return {{"reconstruction", sum / static_cast<double>(config_.validation_pictures)}};
  }

  std::string data_faults() const override { return source_->report().summary(); }

  void save_model(const std::filesystem::path& directory) override { sam::save_model(directory, autoencoder_->model, config_); }

 private:
  // The mean squared error over the patches that were not seen.
  Tensor error(const Tensor& batch) const {
    MaskedAutoencoder autoencoder = autoencoder_;  // the same weights: a batch is const, learning from it is not
    const Tensor pixels = batch.to(autoencoder->parameters().front().device());
    const int64_t patch = model_config_.vision_config.patch_size;
    const Tensor patches = to_patches(pixels, patch);
    const int64_t all = patches.size(1);
    const int64_t seen = std::clamp<int64_t>(std::llround((1 - config_.masked) * static_cast<double>(all)), 1, all - 1);
    const Tensor order = torch::rand({pixels.size(0), all}, pixels.options()).argsort(int64_t{1});
    const Tensor hidden = order.slice(1, seen);
    const Tensor drawn = autoencoder(pixels, order.slice(1, 0, seen)).to(torch::kFloat32);
    return (rows_at(drawn, hidden) - rows_at(normalised_patches(patches), hidden)).square().mean();
  }

  MaskedAutoencoderConfig config_;
  Config model_config_;
  std::unique_ptr<MaskSource> source_, held_out_;
  MaskedAutoencoder autoencoder_ = nullptr;
};

}  // namespace

Tensor to_patches(const Tensor& pixels, int64_t patch) {
  const int64_t grid = pixels.size(2) / patch;
  return pixels.view({pixels.size(0), 3, grid, patch, grid, patch}).permute({0, 2, 4, 1, 3, 5}).flatten(3).flatten(1, 2);
}

Tensor normalised_patches(const Tensor& patches) {
  const auto [variance, mean] = torch::var_mean(patches, /*dim=*/{-1}, /*correction=*/1, /*keepdim=*/true);
  return (patches - mean) * (variance + 1e-6).rsqrt();
}

MaskedAutoencoderImpl::MaskedAutoencoderImpl(const Config& config, const PatchDecoderConfig& decoder)
    : model(register_module("model", Model(config))),
      embed_(register_module("embed", Linear(config.vision_config.hidden_size, decoder.hidden_size))),
      draw_(register_module("draw",
                            Linear(decoder.hidden_size, 3 * config.vision_config.patch_size * config.vision_config.patch_size))),
      norm_in_(register_module("norm_in", layer_norm(config.vision_config.hidden_size, config.vision_config.layer_norm_eps))),
      norm_out_(register_module("norm_out", layer_norm(decoder.hidden_size, config.vision_config.layer_norm_eps))) {
  model->init_weights();
  const int64_t patches = config.vision_config.grid() * config.vision_config.grid();
  mask_token_ = register_parameter("mask_token", 0.02 * torch::randn({1, 1, decoder.hidden_size}));
  positions_ = register_parameter("positions", 0.02 * torch::randn({1, patches, decoder.hidden_size}));
  for (int64_t i = 0; i < decoder.layers; ++i)
    blocks_.push_back(register_at(
        *this, fmt::format("blocks.{}", i),
        VitBlock(VitBlockOptions{
            .hidden_size = decoder.hidden_size, .intermediate_size = 4 * decoder.hidden_size, .heads = decoder.heads})));
  for (auto& item : model->named_parameters()) item.value().set_requires_grad(learns(item.key()));
}

Tensor MaskedAutoencoderImpl::forward(const Tensor& pixels, const Tensor& seen) {
  const Tensor encoded = embed_(norm_in_(model->encode_patches(pixels, seen)));
  const Tensor places = seen.unsqueeze(2).expand({-1, -1, encoded.size(2)});
  const Tensor blank = mask_token_.to(encoded.scalar_type()).expand({encoded.size(0), positions_.size(1), -1});
  Tensor x = blank.scatter(1, places, encoded) + positions_;
  for (VitBlock& block : blocks_) x = block(x);
  return draw_(norm_out_(x));
}

std::unique_ptr<TrainingTask> make_masked_autoencoder_training(const TrainerConfig& trainer,
                                                               const MaskedAutoencoderConfig& config) {
  return std::make_unique<MaskedAutoencoderTraining>(trainer, config);
}

}  // namespace omma::sam

#include "omma/recipes/sam/training.h"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <algorithm>

#include "omma/base/error.h"
#include "omma/train/adapter.h"
#include "omma/train/frozen.h"

namespace omma::sam {
namespace {

struct MaskBatch {
  Tensor pixels;   // [B, 3, S, S]
  Tensor targets;  // [P, S, S] bool
  Tensor owners;   // [P] int64: whose masks they are
};

MaskBatch collate(const std::vector<MaskSample>& samples) {
  std::vector<Tensor> pixels, masks, owners;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    pixels.push_back(samples[i].pixels);
    masks.push_back(samples[i].masks);
    owners.push_back(torch::full({samples[i].masks.size(0)}, static_cast<int64_t>(i), torch::kInt64));
  }
  return {.pixels = torch::stack(pixels), .targets = torch::cat(masks).to(torch::kBool), .owners = torch::cat(owners)};
}

// What the objects are, to the eye and to the loss.
struct Targets {
  Tensor pixels;  // [P, S, S] bool, of the frame
  Tensor shares;  // [P, 4 G, 4 G] float32, of the decoder's masks: how much of each place is the object's
};

// [P, 1, 4 G, 4 G] logits -> [P, S, S] bool.
Tensor seen_masks(const Tensor& logits, int64_t side) {
  return (at::upsample_bilinear2d(logits, {side, side}, /*align_corners=*/false) > 0).squeeze(1);
}

// Of each prompt the row `place` [P]: [P, M, ...] -> [P, 1, ...].
Tensor row_of(const Tensor& values, const Tensor& place) {
  return values.index({torch::arange(values.size(0), place.options()), place}).unsqueeze(1);
}

class SamTraining : public TrainingTask {
 public:
  SamTraining(const TrainerConfig& trainer, const TrainingConfig& config)
      : config_(config), model_config_(read_model_config(config.model, "model")) {
    check(!config.pictures_alone(), "data: expected masks to learn from, got \"{}\"", config.data);
    check(!model_config_.vision_config.int8, "model.quantization_config: layers of 8-bit numbers do not train");
    const MaskChoice choice{.side = model_config_.image_size(), .max_masks = config.max_masks, .min_pixels = config.min_pixels};
    source_ = open_masks(config, choice, trainer.seed);
    validation_ = open_validation(config, choice.side);
    torch::manual_seed(trainer.seed);
    model_ = Model(model_config_);
    model_->init_weights();
    start_from(*model_, config.initial_weights, config.lora, resized_positions);
  }

  torch::nn::Module& module() override { return *model_; }
  int64_t batch_size() const override { return config_.batch_size; }

  PreparedStep prepare(int64_t number) const override {
    std::vector<MaskSample> samples;
    for (int64_t i = 0; i < config_.batch_size; ++i)
      samples.push_back(source_->sample(static_cast<std::uint64_t>(number * config_.batch_size + i)));
    auto batch = std::make_shared<const MaskBatch>(collate(samples));
    return [this, batch] { return loss(*batch); };
  }

  json validate() override { return segmentation_figures(model_, validation_.get(), config_); }

  std::string data_faults() const override { return source_->report().summary(); }

  void save_model(const std::filesystem::path& directory) override { sam::save_model(directory, model_, config_, config_.lora); }

 private:
  // One answer to the prompts so far.
  struct Answer {
    Tensor loss;
    Tensor logits;  // [P, 1, 4 G, 4 G], of the best mask, no gradient
    Tensor iou;     // [P], of it
  };

  StepLoss loss(const MaskBatch& batch) const {
    Model model = model_;  // the same weights: a batch is const, learning from it is not
    const torch::Device device = model->mask_decoder->parameters().front().device();
    const int64_t side = model_config_.mask_side();
    const Tensor pixels = batch.targets.to(device);
    const Targets targets{.pixels = pixels, .shares = at::adaptive_avg_pool2d(pixels.to(torch::kFloat32), {side, side})};
    if (pixels.size(0) == 0) return {.total = nothing_to_learn(*model), .parts = {}};
    const Tensor embeddings = encode(model, batch.pixels.to(device));
    const Tensor embedding = embeddings.index_select(0, batch.owners.to(device));  // [P, C, G, G]
    const InteractionConfig& interaction = config_.interaction;
    const bool box = torch::rand({1}).item<double>() < interaction.box_chance;
    Prompts prompts = first_prompts(pixels, box, interaction);
    Answer answer = first_answer(model, embedding, prompts, targets, box);
    const Tensor first_iou = answer.iou.mean();
    Tensor total = answer.loss;
    const int64_t rounds = interaction.clicks + interaction.repeats;
    const int64_t pause = interaction.repeats > 1 ? torch::randint(interaction.clicks + 1, {1}).item<int64_t>() : rounds;
    int64_t clicks = interaction.clicks;
    for (int64_t round = 0; round < rounds; ++round) {
      prompts.masks = answer.logits;
      if (round != pause && clicks-- > 0) add_clicks(prompts, seen_masks(answer.logits, pixels.size(2)), pixels);
      answer = single_answer(model, embedding, prompts, targets);
      total = total + answer.loss;
    }
    return {.total = total / static_cast<double>(rounds + 1),
            .parts = {{box ? "iou_box" : "iou_click", first_iou}, {"iou_last", answer.iou.mean()}}};
  }

  static Tensor encode(Model& model, const Tensor& pixels) {
    const torch::AutoGradMode gradients(!is_frozen(model->vision_encoder()));
    return model->encode_image(pixels);
  }

  Answer first_answer(Model& model, const Tensor& embedding, const Prompts& prompts, const Targets& targets, bool box) const {
    const DecodedMasks masks = model(embedding, prompts);
    if (config_.single_mask) return judged(masks, 0, 1, targets);
    const int64_t many = masks.iou.size(1) - 1;
    Answer answer = judged(masks, 1, many, targets);
    if (!box) return answer;
    Answer single = judged(masks, 0, 1, targets);
    single.loss = (single.loss + answer.loss) / 2;
    return single;
  }

  Answer single_answer(Model& model, const Tensor& embedding, const Prompts& prompts, const Targets& targets) const {
    return judged(model(embedding, prompts), 0, 1, targets);
  }

  // The masks first, first + 1, ... as answers to the targets; the best is the one that the model takes for it.
  Answer judged(const DecodedMasks& masks, int64_t first, int64_t count, const Targets& targets) const {
    const Tensor logits = masks.logits.narrow(1, first, count), predicted = masks.iou.narrow(1, first, count);
    const MaskLosses losses = mask_losses(logits, predicted, targets.shares, config_.loss);
    const Tensor best = predicted.detach().argmax(1);
    return {.loss = best_of(losses), .logits = row_of(logits.detach(), best), .iou = row_of(losses.iou, best).squeeze(1)};
  }

  TrainingConfig config_;
  Config model_config_;
  std::unique_ptr<MaskSource> source_;
  std::shared_ptr<const SegmentationDataset> validation_;
  Model model_ = nullptr;
};

}  // namespace

std::unique_ptr<TrainingTask> make_training(const TrainerConfig& trainer, const TrainingConfig& config) {
  return std::make_unique<SamTraining>(trainer, config);
}

TrainerConfig with_layer_decay(TrainerConfig trainer, const TrainingConfig& config) {
  if (config.layer_decay == 1) return trainer;
  const Config model = read_model_config(config.model, "model");
  check(!model.tiny_vit, "layer_decay: TinyViT is no stack of equal layers");
  double rate = 1;
  const auto add = [&](std::string pattern) {
    trainer.parameter_groups.push_back({.pattern = std::move(pattern), .learning_rate = rate});
  };
  for (int64_t i = model.vision_config.num_hidden_layers - 1; i >= 0; --i) {
    rate *= config.layer_decay;
    add(fmt::format("vision_encoder.layers.{}.", i));
  }
  rate *= config.layer_decay;
  add("vision_encoder.patch_embed");
  if (model.vision_config.use_abs_pos) add("vision_encoder.pos_embed");
  return trainer;
}

}  // namespace omma::sam

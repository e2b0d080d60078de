#include "omma/recipes/llava/training.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>

#include "omma/base/error.h"
#include "omma/data/sample_stream.h"
#include "omma/nn/peft.h"
#include "omma/recipes/llava/batch_plan.h"
#include "omma/recipes/llava/objective.h"
#include "omma/train/frozen.h"

namespace omma {
namespace {

constexpr int64_t validation_batch = 16;

// Freezes what the recipe does not name.
void choose_what_learns(Llava& model, const std::vector<std::string>& learns) {
  const auto choose = [&](const char* part, torch::nn::Module& module) {
    for (Tensor& parameter : module.parameters()) parameter.requires_grad_(std::ranges::count(learns, part) > 0);
  };
  choose("vision_tower", *model->vision_tower);
  choose("projector", *model->multi_modal_projector);
  choose("language_model", *model->language_model);
  if (model->config().next) model->image_newline.requires_grad_(std::ranges::count(learns, "projector") > 0);
}

class LlavaTraining : public TrainingTask {
 public:
  LlavaTraining(const TrainerConfig& trainer, const LlavaTrainingConfig& config)
      : config_(config),
        start_(make_llava(config, trainer.seed)),
        data_(open(config.data, config.split)),
        plan_(data_, trainer.seed, config.batch_size, config.group, config.blind),
        samples_(data_, trainer.seed, config.data, config.max_fault_share) {
    if (!config.validation_data.empty()) validation_ = open(config.validation_data, config.validation_split);
    Llava& model = start_.checkpoint.model;
    check(config.blind || most_tokens() > model->config().tokens_per_view(),
          "max_tokens: expected more than a picture's {} tokens, got {} (of the model's {} positions)",
          model->config().tokens_per_view(), config.max_tokens, model->config().text_config.max_position_embeddings);
    check(!is_kept_apart(config.lora) || (config.vision_tower.empty() && config.language_model.empty()),
          "lora: an adapter that is kept apart is for a whole LLaVA (initial_weights), not for parts put together here");
    if (config.lora)
      start_from(*model, {}, config.lora);
    else
      choose_what_learns(model, config.learns);
    model->language_model->model->recomputes_layers = config.gradient_checkpointing;
  }

  torch::nn::Module& module() override { return *start_.checkpoint.model; }
  int64_t batch_size() const override { return config_.batch_size; }

  PreparedStep prepare(int64_t number) const override {
    std::vector<LlavaSample> samples;
    for (const std::uint64_t sample : plan_.batch(number)) {
      samples.push_back(prepared(samples_.load(sample).loaded));
      const DialogueTokens& tokens = samples.back().tokens;
      if (std::ranges::count(tokens.is_learned, 1) == 0) ++(tokens.is_whole ? without_room_ : not_whole_);
    }
    auto batch = std::make_shared<const LlavaBatch>(collate(samples, padding()));
    return
        [model = start_.checkpoint.model, batch]() mutable { return StepLoss{.total = language_loss(model, *batch), .parts = {}}; };
  }

  json validate() override {
    if (!validation_) return json::object();
    Llava& model = start_.checkpoint.model;
    double loss = 0;
    int64_t right = 0, tokens = 0;
    for (std::size_t first = 0; first < validation_->size(); first += validation_batch) {
      std::vector<LlavaSample> samples;
      for (std::size_t i = first; i < std::min(validation_->size(), first + validation_batch); ++i)
        samples.push_back(prepared(validation_->load(i)));
      const LlavaBatch batch = collate(samples, padding());
      if (batch.targets.size(0) == 0) continue;
      const Tensor logits = learned_logits(model, batch), targets = batch.targets.to(logits.device());
      const auto learned = targets.size(0);
      loss += torch::log_softmax(logits, 1).gather(1, targets.unsqueeze(1)).sum().item<double>();
      right += logits.argmax(1).eq(targets).sum().item<int64_t>();
      tokens += learned;
    }
    const double count = static_cast<double>(std::max<int64_t>(1, tokens));
    return {{"loss", -loss / count}, {"accuracy", static_cast<double>(right) / count}};
  }

  std::string data_faults() const override {
    std::string faults = samples_.report().summary();
    const auto tell = [&](int64_t times, const char* why) {
      if (times > 0)
        faults += fmt::format("{}nothing was learned from {} samples drawn: {}", faults.empty() ? "" : "; ", times, why);
    };
    tell(not_whole_, "a token stands on both sides of an answer's border");
    tell(without_room_, "no answer begins within max_tokens");
    return faults;
  }

  void save_model(const std::filesystem::path& directory) override {
    if (is_kept_apart(config_.lora))
      save_adapter(directory, *start_.checkpoint.model, *config_.lora, config_.lora->base, llava_part_in_transformers);
    else
      save_llava(directory, start_.checkpoint, start_.files, torch::kFloat16);
  }

 private:
  std::shared_ptr<InstructionDataset> open(const std::string& data, const std::string& split) const {
    auto dataset = open_instruction_dataset(data, split, {.images = config_.images, .max_fault_share = config_.max_fault_share});
    log_faults(dataset->report(), data);
    return dataset;
  }

  int64_t most_tokens() const {
    return std::min(config_.max_tokens, start_.checkpoint.model->config().text_config.max_position_embeddings);
  }

  int64_t padding() const {
    const std::vector<int64_t> ends = start_.checkpoint.generation.end_tokens();
    return ends.empty() ? 0 : ends.front();
  }

  LlavaSample prepared(InstructedImage loaded) const {
    if (config_.blind) loaded.sample.image.clear();
    const LlavaCheckpoint& checkpoint = start_.checkpoint;
    LlavaSample sample{.tokens = tokenize_dialogue(loaded.sample, start_.form, checkpoint.tokenizer)};
    const LlavaConfig& model = checkpoint.model->config();
    int64_t picture_tokens = 0;
    const bool has_picture = !loaded.sample.image.empty();
    if (has_picture) picture_tokens = checkpoint.processor.tokens_of({.width = loaded.image.width, .height = loaded.image.height});
    const bool has_room = expand(sample.tokens, model.image_token_index, picture_tokens, most_tokens());
    if (has_picture && has_room) sample.picture = checkpoint.processor(loaded.image);
    return sample;
  }

  LlavaTrainingConfig config_;
  LlavaInTraining start_;
  std::shared_ptr<InstructionDataset> data_, validation_;
  BatchPlan plan_;
  SampleStream<InstructionDataset> samples_;
  mutable std::atomic<int64_t> not_whole_ = 0, without_room_ = 0;
};

}  // namespace

void LlavaTrainingConfig::validate(Faults& faults) const {
  constexpr std::array<std::string_view, 3> parts = {"projector", "language_model", "vision_tower"};
  faults.expect(!learns.empty(), "learns: expected at least one of projector, language_model and vision_tower");
  for (const std::string& part : learns)
    faults.expect(std::ranges::count(parts, part) > 0, "learns: expected projector, language_model or vision_tower, got \"{}\"",
                  part);
}

std::unique_ptr<TrainingTask> make_llava_training(const TrainerConfig& trainer, const LlavaTrainingConfig& config) {
  return std::make_unique<LlavaTraining>(trainer, config);
}

}  // namespace omma

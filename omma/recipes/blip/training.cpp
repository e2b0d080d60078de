#include "omma/recipes/blip/training.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/caption_dataset.h"
#include "omma/data/sample_stream.h"
#include "omma/eval/caption_evaluation.h"
#include "omma/eval/retrieval.h"
#include "omma/models/blip/captioner.h"
#include "omma/models/blip/checkpoint.h"
#include "omma/models/blip/matcher.h"
#include "omma/recipes/blip/setup.h"
#include "omma/text/tokenizer.h"
#include "omma/vision/augment.h"

namespace omma {
namespace {

constexpr std::uint64_t kCaptionStream = 0x63617074696f6e00ULL;

class BlipTraining : public TrainingTask {
 public:
  BlipTraining(const TrainerConfig& trainer, const BlipTrainingConfig& config, Collective* collective)
      : seed_(trainer.seed),
        batches_a_step_(trainer.accumulate * (collective == nullptr ? 1 : collective->size())),
        config_(config),
        setup_(config),
        samples_(open(config.data, config.split), trainer.seed, config.data, config.max_fault_share) {
    if (!config.validation_data.empty()) {
      validation_ = open(config.validation_data, config.validation_split);
      left_out_ = std::make_unique<LeftOutPictures>(config.validation_data, validation_->size(), config.max_fault_share);
    }
    objective_ = BlipObjective(setup_.make_model(trainer.seed), config.objective, trainer.seed, collective);
  }

  torch::nn::Module& module() override { return *objective_; }
  int64_t batch_size() const override { return config_.batch_size; }

  PreparedStep prepare(int64_t number) const override {
    auto batch = std::make_shared<BlipBatch>();
    batch->number = static_cast<std::uint64_t>(number * config_.batch_size);
    std::vector<Tensor> pixels;
    std::vector<std::string> texts, wrong;
    std::vector<int64_t> pictures;
    for (std::uint64_t i = batch->number; i < batch->number + static_cast<std::uint64_t>(config_.batch_size); ++i) {
      const auto [index, loaded] = samples_.load(i);
      Rng rng(seed_ ^ kCaptionStream, i);
      texts.push_back(rng.pick(std::span<const std::string>(loaded.sample.captions)));
      pixels.push_back(setup_.processor()(augmented(loaded.image, texts.back(), rng)));
      const std::vector<std::string>& known = loaded.sample.wrong;
      wrong.push_back(known.empty() ? texts.back() : rng.pick(std::span<const std::string>(known)));
      pictures.push_back(static_cast<int64_t>(index));
    }
    tokenize(std::move(texts), std::move(wrong), *batch);
    batch->pixels = torch::stack(pixels);
    batch->pictures = torch::tensor(pictures, torch::kLong);
    return [this, batch, number] { return loss(*batch, number); };
  }

  json validate() override {
    json figures = json::object();
    if (!validation_) return figures;
    const BlipParts parts = objective_->model->config().parts();
    const BlipCheckpoint checkpoint = setup_.checkpoint(objective_->model);
    if (parts.decoder && config_.objective.lm > 0) {
      BlipCaptioner captioner(checkpoint);
      figures.update(evaluate_captions(captioner, *validation_, {.batch = 32, .left_out = left_out_.get()}).to_json());
    }
    if (parts.heads && config_.objective.itm > 0) {
      BlipMatcher matcher(checkpoint);
      figures.update(evaluate_retrieval(matcher, *validation_, {.batch = 32, .left_out = left_out_.get()}).to_json());
    }
    return figures;
  }

  void save_model(const std::filesystem::path& directory) override { setup_.save(directory, objective_->model); }
  std::string data_faults() const override { return samples_.report().summary(); }

 private:
  std::unique_ptr<CaptionDataset> open(const std::string& data, const std::string& split) const {
    auto dataset = open_caption_dataset(data, split, {.max_fault_share = config_.max_fault_share});
    log_faults(dataset->report(), data);
    return dataset;
  }

  // All are padded to one length; a picture without a wrong text has its own in the place.
  void tokenize(std::vector<std::string> texts, std::vector<std::string> wrong, BlipBatch& batch) const {
    const auto pairs = std::ssize(texts);
    const Tensor has_wrong = torch::empty({pairs}, torch::kBool);
    for (std::size_t i = 0; i < wrong.size(); ++i) has_wrong.mutable_data_ptr<bool>()[i] = wrong[i] != texts[i];
    const bool any_wrong = has_wrong.any().item<bool>();
    if (any_wrong) std::ranges::move(wrong, std::back_inserter(texts));
    const PaddedTexts tokens = setup_.tokenize(texts, config_.max_tokens);
    const auto rows = [&](const Tensor& all, int64_t first) { return all.defined() ? all.narrow(0, first, pairs) : Tensor(); };
    batch.input_ids = rows(tokens.input_ids, 0);
    batch.mask = rows(tokens.mask, 0);
    if (!any_wrong) return;
    batch.wrong_ids = rows(tokens.input_ids, pairs);
    batch.wrong_mask = rows(tokens.mask, pairs);
    batch.has_wrong = has_wrong;
  }

  Image augmented(Image image, const std::string& caption, Rng& rng) const {
    const BlipAugmentationConfig& config = config_.augmentation;
    if (config.min_area < 1)
      image = random_resized_crop(image, config.min_area, static_cast<int>(setup_.config().vision_config.image_size), rng);
    const bool tells_sides = caption.find("left") != std::string::npos || caption.find("right") != std::string::npos;
    if (config.flip && !tells_sides && rng.chance(0.5)) image = flipped(image);
    return rand_augment(std::move(image), {.operations = static_cast<int>(config.operations), .level = config.level}, rng);
  }

  StepLoss loss(const BlipBatch& prepared, int64_t number) const {
    BlipObjective objective = objective_;  // the same weights: a batch is const, learning from it is not
    const torch::Device device = objective->parameters().front().device();
    BlipBatch batch = prepared;
    for (Tensor* tensor :
         {&batch.pixels, &batch.input_ids, &batch.mask, &batch.wrong_ids, &batch.wrong_mask, &batch.has_wrong, &batch.pictures})
      if (tensor->defined()) *tensor = tensor->to(device);
    return objective->forward(batch, number / batches_a_step_);
  }

  std::uint64_t seed_;
  int64_t batches_a_step_;
  BlipTrainingConfig config_;
  BlipTrainingSetup setup_;
  SampleStream<CaptionDataset> samples_;
  std::unique_ptr<CaptionDataset> validation_;
  std::unique_ptr<LeftOutPictures> left_out_;  // of the validation
  BlipObjective objective_ = nullptr;
};

}  // namespace

std::unique_ptr<TrainingTask> make_blip_training(const TrainerConfig& trainer, const BlipTrainingConfig& config,
                                                 Collective* collective) {
  return std::make_unique<BlipTraining>(trainer, config, collective);
}

}  // namespace omma

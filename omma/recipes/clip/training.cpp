#include "omma/recipes/clip/training.h"

#include <algorithm>
#include <cmath>

#include "omma/base/file.h"
#include "omma/data/caption_dataset.h"
#include "omma/data/sample_stream.h"
#include "omma/data/world/text_words.h"
#include "omma/eval/retrieval.h"
#include "omma/losses/contrastive.h"
#include "omma/models/clip/matcher.h"
#include "omma/nn/model_directory.h"
#include "omma/text/vocabulary.h"
#include "omma/train/initial_weights.h"

namespace omma {
namespace {

constexpr std::uint64_t kTextStream = 0x636c697074657874ULL;

json tokenizer_of(const ModelRecipe& recipe) {
  if (!recipe.tokenizer.empty()) return read_json(std::filesystem::path(recipe.tokenizer) / "tokenizer.json");
  std::vector<std::string> words = world_text_words();
  words.insert(words.end(), recipe.vocabulary.begin(), recipe.vocabulary.end());
  return make_bert_tokenizer(words);
}

// The token that ends a text stands for it.
ClipConfig config_for(json model, const Tokenizer& tokenizer) {
  json& text = model["text_config"];
  text["vocab_size"] = tokenizer.largest_id() + 1;
  text["eos_token_id"] = tokenizer.encode("a").ids.back();
  return read_clip_config(model, "model");
}

struct ClipBatch {
  Tensor pixels;     // [B, 3, H, W]
  Tensor input_ids;  // [B + K, T]: the pictures' texts, then those known to be wrong
};

class ClipTraining : public TrainingTask {
 public:
  ClipTraining(const TrainerConfig& trainer, const ClipTrainingConfig& config, Collective* collective)
      : seed_(trainer.seed),
        config_(config),
        collective_(collective),
        tokenizer_json_(tokenizer_of(config)),
        tokenizer_(Tokenizer::from_json(tokenizer_json_, "tokenizer.json")),
        model_config_(config_for(config.model, tokenizer_)),
        processor_(cropping_image_processor(model_config_.vision_config.image_size)),
        samples_(open(config.data, config.split), trainer.seed, config.data, config.max_fault_share) {
    if (!config.validation_data.empty()) {
      validation_ = open(config.validation_data, config.validation_split);
      left_out_ = std::make_unique<LeftOutPictures>(config.validation_data, validation_->size(), config.max_fault_share);
    }
    torch::manual_seed(trainer.seed);
    model_ = Clip(model_config_);
    model_->init_weights();
    for (const std::string& from : config.initial_weights) load_matching_weights(*model_, from);
  }

  torch::nn::Module& module() override { return *model_; }
  int64_t batch_size() const override { return config_.batch_size; }

  PreparedStep prepare(int64_t number) const override {
    std::vector<Tensor> pixels;
    std::vector<std::string> texts, wrong;
    const auto first = static_cast<std::uint64_t>(number * config_.batch_size);
    for (std::uint64_t i = first; i < first + static_cast<std::uint64_t>(config_.batch_size); ++i) {
      const auto [index, loaded] = samples_.load(i);
      Rng rng(seed_ ^ kTextStream, i);
      texts.push_back(rng.pick(std::span<const std::string>(loaded.sample.captions)));
      pixels.push_back(processor_(loaded.image));
      const std::vector<std::string>& known = loaded.sample.wrong;
      if (!known.empty()) wrong.push_back(rng.pick(std::span<const std::string>(known)));
    }
    std::ranges::move(wrong, std::back_inserter(texts));
    auto batch = std::make_shared<const ClipBatch>(
        torch::stack(pixels), tokenize_texts(tokenizer_, texts, most_tokens(), /*pad=*/0, LongTexts::cut).input_ids);
    return [this, batch] { return loss(*batch); };
  }

  json validate() override {
    if (!validation_) return json::object();
    ClipMatcher matcher(model_, tokenizer_, processor_);
    return evaluate_retrieval(matcher, *validation_, {.rerank = 0, .batch = 32, .left_out = left_out_.get()}).to_json();
  }

  void save_model(const std::filesystem::path& directory) override {
    save_clip(directory, model_,
              {.tokenizer = tokenizer_json_,
               .tokenizer_config = bert_tokenizer_config(model_config_.text_config.max_position_embeddings),
               .processor = processor_.config()},
              torch::kFloat16);
  }

  std::string data_faults() const override { return samples_.report().summary(); }

 private:
  std::unique_ptr<CaptionDataset> open(const std::string& data, const std::string& split) const {
    auto dataset = open_caption_dataset(data, split, {.max_fault_share = config_.max_fault_share});
    log_faults(dataset->report(), data);
    return dataset;
  }

  int64_t most_tokens() const { return std::min(config_.max_tokens, model_config_.text_config.max_position_embeddings); }
  Tensor of_all_ranks(const Tensor& rows) const { return collective_ == nullptr ? rows : collective_->gather_with_gradient(rows); }

  StepLoss loss(const ClipBatch& batch) const {
    Clip model = model_;  // the same weights: a batch is const, learning from it is not
    const torch::Device device = model->logit_scale.device();
    const int64_t pairs = config_.batch_size, first = collective_ == nullptr ? 0 : collective_->rank() * pairs;
    const Tensor image = model->embed_image(batch.pixels.to(device));    // [B, E]
    const Tensor texts = model->embed_text(batch.input_ids.to(device));  // [B + K, E]
    const Tensor text = texts.narrow(0, 0, pairs);
    const Tensor wrong = texts.narrow(0, pairs, texts.size(0) - pairs);
    const Tensor scale = model->logit_scale.clamp_max(std::log(config_.max_scale)).exp();
    const Tensor candidates = torch::cat({of_all_ranks(text), wrong});              // [W B + K, E]
    const Tensor to_texts = scale * torch::matmul(image, candidates.t());           // [B, W B + K]
    const Tensor to_images = scale * torch::matmul(text, of_all_ranks(image).t());  // [B, W B]
    return {.total = paired_contrastive_loss(to_texts, to_images, first), .parts = {{"scale", scale.detach()}}};
  }

  std::uint64_t seed_;
  ClipTrainingConfig config_;
  Collective* collective_;
  json tokenizer_json_;
  Tokenizer tokenizer_;
  ClipConfig model_config_;
  ImageProcessor processor_;
  SampleStream<CaptionDataset> samples_;
  std::unique_ptr<CaptionDataset> validation_;
  std::unique_ptr<LeftOutPictures> left_out_;  // of the validation
  Clip model_ = nullptr;
};

}  // namespace

std::unique_ptr<TrainingTask> make_clip_training(const TrainerConfig& trainer, const ClipTrainingConfig& config,
                                                 Collective* collective) {
  return std::make_unique<ClipTraining>(trainer, config, collective);
}

}  // namespace omma

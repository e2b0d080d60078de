#include "omma/recipes/grounding_dino/training.h"

#include <algorithm>
#include <cmath>

#include "omma/base/error.h"
#include "omma/eval/detection_evaluation.h"
#include "omma/models/grounding_dino/predictor.h"
#include "omma/nn/model_directory.h"
#include "omma/recipes/grounding_dino/batch.h"
#include "omma/text/tokenizer.h"
#include "omma/text/vocabulary.h"
#include "omma/train/initial_weights.h"

namespace omma::grounding_dino {
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kShapeStream = 0x7368617065000000ULL;
constexpr std::uint64_t kNoiseStream = 0x6e6f697365000000ULL;

json tokenizer_of(const TrainingConfig& config) {
  if (!config.tokenizer.empty()) return read_json(fs::path(config.tokenizer) / "tokenizer.json");
  std::vector<std::string> words = world_vocabulary();
  words.insert(words.end(), config.vocabulary.begin(), config.vocabulary.end());
  return make_bert_tokenizer(words);
}

bool of_world(const TrainingConfig& config) { return config.data == "world"; }

std::vector<DetectionSource> sources_of(const TrainingConfig& config) {
  if (of_world(config)) return {};
  if (config.data.is_string())
    return {{.data = config.data,
             .split = config.split,
             .validation_split = config.validation_split,
             .class_phrases = config.class_phrases,
             .synonyms = {},
             .unlabelled = {}}};
  check(config.data.is_array() && !config.data.empty(), "data: expected a string or a list of data sets, got {}",
        dump_json(config.data).substr(0, 80));
  std::vector<DetectionSource> sources;
  for (std::size_t i = 0; i < config.data.size(); ++i)
    sources.push_back(read_config<DetectionSource>(config.data[i], fmt::format("data[{}]", i), UnknownFields::reject));
  return sources;
}

std::unique_ptr<SampleSource> open_samples(const TrainingConfig& config, std::uint64_t seed) {
  if (of_world(config)) return std::make_unique<WorldSamples>(seed, config.world);
  const std::vector<DetectionSource> sources = sources_of(config);
  std::vector<std::shared_ptr<const DetectionDataset>> datasets;
  for (const DetectionSource& source : sources)
    datasets.push_back(open_source(source, source.split, config.data_root, config.max_fault_share));
  return std::make_unique<MixedSamples>(datasets, sources, seed, config.augmentation, config.drop_positive, config.max_fault_share);
}

// What the model is validated on, by the data set's name. Of the world the questions of `omma eval detection`, in the kind of
// prompt that is trained most.
std::map<std::string, DetectionQuestions> open_questions(const TrainingConfig& config) {
  const auto most = static_cast<std::size_t>(config.validation_pictures);
  if (most == 0) return {};
  if (of_world(config))
    return {{"world", world_questions({.split = parse_split(config.validation_split),
                                       .count = most,
                                       .size = static_cast<int>(*std::ranges::max_element(config.sizes)),
                                       .pairs = config.world.pairs > config.world.names})}};
  std::map<std::string, DetectionQuestions> questions;
  for (const DetectionSource& source : sources_of(config)) {
    DetectionQuestions& asked = questions[source.data];
    asked = questions_of(open_source(source, source.validation_split, config.data_root, config.max_fault_share), {},
                         config.max_fault_share);
    asked.count = std::min(asked.count, most);
  }
  return questions;
}

class GroundingDinoTraining : public TrainingTask {
 public:
  GroundingDinoTraining(const TrainerConfig& trainer, const TrainingConfig& config)
      : seed_(trainer.seed),
        config_(config),
        tokenizer_json_(tokenizer_of(config)),
        tokenizer_(Tokenizer::from_json(tokenizer_json_, "tokenizer.json")),
        samples_(open_samples(config, trainer.seed)),
        questions_(open_questions(config)) {
    json model = config.model;
    model["text_config"]["vocab_size"] = tokenizer_.largest_id() + 1;
    model_config_ = read_model_config(model, "model");
    torch::manual_seed(trainer.seed);
    model_ = Model(model_config_);
    model_->init_weights();
    for (const std::string& file : config.initial_weights) {
      load_matching_weights(*model_, file);
      load_known_embeddings(*model_, "model.text_backbone.embeddings.word_embeddings.weight", tokenizer_, file);
    }
  }

  torch::nn::Module& module() override { return *model_; }
  int64_t batch_size() const override { return config_.batch_size; }

  PreparedStep prepare(int64_t number) const override {
    Rng rng(seed_ ^ kShapeStream, static_cast<std::uint64_t>(number));
    const BatchShape shape{.size = static_cast<int>(rng.pick(std::span<const int64_t>(config_.sizes))),
                           .phrases = draw_phrase_count(rng)};
    std::vector<TrainingSample> samples;
    for (int64_t i = 0; i < config_.batch_size; ++i)
      samples.push_back(samples_->sample(static_cast<std::uint64_t>(number * config_.batch_size + i), shape));
    auto batch = std::make_shared<const TrainingBatch>(make_batch(samples, tokenizer_, model_config_.max_text_len));
    return [this, batch, number] { return loss(*batch, number); };
  }

  json validate() override {
    if (questions_.empty()) return json::object();
    Predictor predictor(model_, tokenizer_, ImageProcessor(processor_config()));
    DetectionEvaluationOptions options;
    options.threshold = static_cast<float>(model_config_.phrase_threshold.value_or(Predictor::default_threshold));
    json result = json::object();
    for (const auto& [name, questions] : questions_) {
      const DetectionEvaluation figures = evaluate_detection(predictor, questions, options);
      result[name] = {{"ap50", figures.coco.ap50},          {"f1", figures.f1},
                      {"precision", figures.precision},     {"recall", figures.recall},
                      {"absent_rate", figures.absent_rate}, {"threshold", options.threshold},
                      {"pictures", figures.pictures}};
    }
    return result.size() == 1 ? result.begin().value() : result;
  }

  std::string data_faults() const override { return samples_->report().summary(); }

  void save_model(const fs::path& directory) override {
    save_model_directory(directory, *model_,
                         {.config = write_model_config(model_config_),
                          .tokenizer = tokenizer_json_,
                          .tokenizer_config = bert_tokenizer_config(model_config_.max_text_len),
                          .processor = write_image_processor(processor_config(), "GroundingDino")},
                         torch::kFloat16);
  }

 private:
  int draw_phrase_count(Rng& rng) const {
    const double low = std::log(static_cast<double>(config_.min_phrases));
    const double high = std::log(static_cast<double>(config_.max_phrases + 1));
    return std::min(static_cast<int>(config_.max_phrases), static_cast<int>(std::exp(rng.uniform(low, high))));
  }

  StepLoss loss(const TrainingBatch& batch, int64_t number) const {
    Model model = model_;  // the same weights: a batch is const, learning from it is not
    const torch::Device device = model->parameters().front().device();
    const TextFeatures text = model->encode_text(batch.input_ids.to(device), batch.attention_mask.to(device));
    Rng rng(seed_ ^ kNoiseStream, static_cast<std::uint64_t>(number));
    const DenoisingBatch denoising = make_denoising(
        batch.targets, text.features, model_config_.num_queries,
        {.queries = config_.denoising_queries, .label_noise = config_.label_noise, .box_noise = config_.box_noise}, rng);
    const Tensor pixel_mask = batch.pixel_mask.defined() ? batch.pixel_mask.to(device) : Tensor();
    const Output output = model->forward(batch.pixels.to(device), pixel_mask, text,
                                         denoising.groups > 0 ? &denoising.queries : nullptr, {}, config_.loss.proposal_weight > 0);
    ObjectiveLoss cost = grounding_loss(output, batch.targets, config_.loss, &denoising);
    StepLoss result{.total = cost.total, .parts = {{"loss_class", cost.classes}, {"loss_l1", cost.l1}, {"loss_giou", cost.giou}}};
    if (cost.denoising.defined()) result.parts.emplace_back("loss_denoising", cost.denoising);
    if (cost.proposals.defined()) result.parts.emplace_back("loss_proposals", cost.proposals);
    return result;
  }

  // The picture sizes seen in training: the long side of photographs, whatever their shape; of the world, whose pictures are
  // square, both sides, with some room for others.
  ImageProcessorConfig processor_config() const {
    const int64_t side = *std::ranges::max_element(config_.sizes);
    ImageProcessorConfig processor;
    processor.shortest_edge = side;
    processor.longest_edge = of_world(config_) ? side * 4 / 3 : side;
    processor.do_pad = true;
    return processor;
  }

  std::uint64_t seed_;
  TrainingConfig config_;
  json tokenizer_json_;
  Tokenizer tokenizer_;
  std::unique_ptr<SampleSource> samples_;
  std::map<std::string, DetectionQuestions> questions_;
  Config model_config_;
  Model model_ = nullptr;
};

}  // namespace

std::unique_ptr<TrainingTask> make_training(const TrainerConfig& trainer, const TrainingConfig& config) {
  return std::make_unique<GroundingDinoTraining>(trainer, config);
}

}  // namespace omma::grounding_dino

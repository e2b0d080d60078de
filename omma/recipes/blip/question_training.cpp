#include "omma/recipes/blip/question_training.h"

#include <map>

#include "omma/base/error.h"
#include "omma/data/question_dataset.h"
#include "omma/data/sample_stream.h"
#include "omma/eval/question_evaluation.h"
#include "omma/models/blip/answerer.h"
#include "omma/recipes/blip/setup.h"

namespace omma {
namespace {

struct QuestionBatch {
  Tensor pixels;                            // [B, 3, H, W]
  Tensor question_ids, question_mask;       // [B, T]; the mask undefined where no row is padded
  Tensor answer_ids, answer_mask;           // [A, U], likewise
  Tensor question_of_answer, answer_share;  // [A]
};

class BlipQuestionTraining : public TrainingTask {
 public:
  BlipQuestionTraining(const TrainerConfig& trainer, const BlipQuestionTrainingConfig& config)
      : config_(config),
        setup_(config),
        samples_(open(config.data, config.split), trainer.seed, config.data, config.max_fault_share) {
    const BlipParts parts = setup_.config().parts();
    check(parts.encoder && parts.decoder && !parts.tied, "model.architectures: expected BlipForQuestionAnswering, got {}",
          setup_.config().architectures.front());
    if (!config.validation_data.empty()) {
      validation_ = open(config.validation_data, config.validation_split);
      left_out_ = std::make_unique<LeftOutPictures>(config.validation_data, validation_->size(), config.max_fault_share);
    }
    model_ = setup_.make_model(trainer.seed);
  }

  torch::nn::Module& module() override { return *model_; }
  int64_t batch_size() const override { return config_.batch_size; }

  PreparedStep prepare(int64_t number) const override {
    std::vector<Tensor> pixels;
    std::vector<std::string> questions, answers;
    std::vector<int64_t> question_of;
    std::vector<float> shares;
    for (int64_t i = 0; i < config_.batch_size; ++i) {
      const QuestionedImage loaded = samples_.load(static_cast<std::uint64_t>(number * config_.batch_size + i)).loaded;
      pixels.push_back(setup_.processor()(loaded.image));
      questions.push_back(loaded.sample.question);
      std::map<std::string, int> given;
      for (const std::string& answer : loaded.sample.answers) ++given[answer];
      for (const auto& [answer, times] : given) {
        answers.push_back(answer);
        question_of.push_back(i);
        shares.push_back(static_cast<float>(times) / static_cast<float>(loaded.sample.answers.size()));
      }
    }
    const PaddedTexts asked = setup_.tokenize(questions, config_.max_tokens), told = setup_.tokenize(answers, config_.max_tokens);
    auto batch = std::make_shared<const QuestionBatch>(QuestionBatch{.pixels = torch::stack(pixels),
                                                                     .question_ids = asked.input_ids,
                                                                     .question_mask = asked.mask,
                                                                     .answer_ids = told.input_ids,
                                                                     .answer_mask = told.mask,
                                                                     .question_of_answer = torch::tensor(question_of, torch::kLong),
                                                                     .answer_share = torch::tensor(shares)});
    return [this, batch] { return loss(*batch); };
  }

  json validate() override {
    if (!validation_) return json::object();
    BlipAnswerer answerer(setup_.checkpoint(model_));
    return evaluate_answers(answerer, *validation_, {.batch = 32, .left_out = left_out_.get()}).to_json();
  }

  void save_model(const std::filesystem::path& directory) override { setup_.save(directory, model_); }
  std::string data_faults() const override { return samples_.report().summary(); }

 private:
  std::unique_ptr<QuestionDataset> open(const std::string& data, const std::string& split) const {
    auto dataset = open_question_dataset(data, split, {.max_fault_share = config_.max_fault_share});
    log_faults(dataset->report(), data);
    return dataset;
  }

  StepLoss loss(const QuestionBatch& batch) const {
    Blip model = model_;  // the same weights: a batch is const, learning from it is not
    const torch::Device device = model->parameters().front().device();
    const auto here = [&](const Tensor& tensor) { return tensor.defined() ? tensor.to(device) : tensor; };
    const BlipSource picture = model->text_encoder->project(model->vision_model(here(batch.pixels)));
    const Tensor question_mask = here(batch.question_mask), rows = here(batch.question_of_answer);
    const Tensor states = model->text_encoder(
        BlipTextInput{.input_ids = model->image_grounded_ids(here(batch.question_ids)), .mask = question_mask, .source = &picture});
    const Tensor mask = question_mask.defined() ? question_mask.index_select(0, rows) : question_mask;
    const BlipSource question = model->text_decoder->bert->project(states.index_select(0, rows), mask);
    const Tensor losses = language_losses(model->text_decoder, question, here(batch.answer_ids), here(batch.answer_mask),
                                          model->config().text_config);
    return {.total = (losses.sum(1) * here(batch.answer_share)).sum() / static_cast<double>(config_.batch_size), .parts = {}};
  }

  BlipQuestionTrainingConfig config_;
  BlipTrainingSetup setup_;
  SampleStream<QuestionDataset> samples_;
  std::unique_ptr<QuestionDataset> validation_;
  std::unique_ptr<LeftOutPictures> left_out_;  // of the validation
  Blip model_ = nullptr;
};

}  // namespace

std::unique_ptr<TrainingTask> make_blip_question_training(const TrainerConfig& trainer, const BlipQuestionTrainingConfig& config) {
  return std::make_unique<BlipQuestionTraining>(trainer, config);
}

}  // namespace omma

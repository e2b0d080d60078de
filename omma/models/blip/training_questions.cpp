#include "omma/models/blip/training_questions.h"

#include <map>

#include "omma/base/error.h"
#include "omma/data/question_dataset.h"
#include "omma/data/shuffled_order.h"
#include "omma/eval/question_evaluation.h"
#include "omma/models/blip/answerer.h"
#include "omma/models/blip/training_setup.h"

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
        dataset_(open_question_dataset(config.data, config.split)),
        order_(trainer.seed ^ order_stream, dataset_->size()) {
    const BlipParts parts = setup_.config().parts();
    check(parts.encoder && parts.decoder && !parts.tied, "model.architectures: expected BlipForQuestionAnswering, got {}",
          setup_.config().architectures.front());
    if (!config.validation_data.empty()) validation_ = open_question_dataset(config.validation_data, config.validation_split);
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
      const QuestionedImage loaded = dataset_->load(order_[static_cast<std::uint64_t>(number * config_.batch_size + i)]);
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
    const BlipTexts asked = setup_.tokenize(questions, config_.most_tokens), told = setup_.tokenize(answers, config_.most_tokens);
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
    return evaluate_answers(answerer, *validation_, {.batch = 32}).to_json();
  }

  void save_model(const std::filesystem::path& directory) override { setup_.save(directory, model_); }

 private:
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
  std::unique_ptr<QuestionDataset> dataset_, validation_;
  ShuffledOrder order_;
  Blip model_ = nullptr;
};

}  // namespace

std::unique_ptr<TrainingTask> make_blip_question_training(const TrainerConfig& trainer, const BlipQuestionTrainingConfig& config) {
  return std::make_unique<BlipQuestionTraining>(trainer, config);
}

}  // namespace omma

#include "omma/eval/question_evaluation.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/progress.h"
#include "omma/data/instruction_dataset.h"
#include "omma/eval/grey_image.h"
#include "omma/eval/vqa_accuracy.h"

namespace omma {
namespace {

// Equal pictures that follow one another are given as one, so that the model looks at them once.
std::vector<std::string> ask(Answerer& answerer, std::span<const JudgedAnswer> asked, const std::vector<Image>& images,
                             const QuestionEvaluationOptions& options) {
  std::vector<VisualQuestion> questions;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const bool same = i > 0 && questions.back().images.front() == images[i];
    const std::string& text = asked[i].sample.question;
    questions.push_back({.images = same ? questions.back().images : std::span(&images[i], 1),
                         .text = options.ask_short ? asking_for_short_answer(text) : text});
  }
  std::vector<std::string> answers;
  for (AnswerResult& result : answerer.answer(questions, options.answer)) answers.push_back(std::move(result.answer));
  check(answers.size() == images.size(), "evaluation: expected {} answers, got {}", images.size(), answers.size());
  return answers;
}

// Answers and judges a batch, each with its picture.
void ask_batch(Answerer& answerer, std::span<JudgedAnswer> batch, const std::vector<Image>& images,
               const QuestionEvaluationOptions& options) {
  std::vector<Image> greys;
  for (const Image& image : images) greys.push_back(grey_image(image));
  const std::vector<std::string> answers = ask(answerer, batch, images, options), blind = ask(answerer, batch, greys, options);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch[i].answer = answers[i];
    batch[i].blind_answer = blind[i];
    batch[i].accuracy = vqa_accuracy(answers[i], batch[i].sample.answers);
    batch[i].blind_accuracy = vqa_accuracy(blind[i], batch[i].sample.answers);
  }
}

std::vector<JudgedAnswer> ask_all(Answerer& answerer, const QuestionDataset& dataset, const QuestionEvaluationOptions& options,
                                  DatasetReport& left_out_report) {
  const std::size_t count = options.count == 0 ? dataset.size() : std::min(options.count, dataset.size());
  check(count > 0, "evaluation: expected at least one question");
  check(options.batch >= 1, "evaluation: batch: expected at least 1, got {}", options.batch);
  std::vector<JudgedAnswer> judged;
  LeftOutPictures own_left_out("evaluation", count, options.max_fault_share);
  LeftOutPictures& left_out = options.left_out != nullptr ? *options.left_out : own_left_out;
  Progress progress("ask", static_cast<std::int64_t>(count));
  std::vector<Image> images;
  for (std::size_t i = 0; i < count; ++i) {
    if (auto questioned = load_or_leave_out(dataset, i, left_out)) {
      judged.push_back({.sample = std::move(questioned->sample), .answer = {}, .blind_answer = {}});
      images.push_back(std::move(questioned->image));
    }
    progress.advance();
    if (images.empty() || (std::ssize(images) < options.batch && i + 1 < count)) continue;
    ask_batch(answerer, std::span(judged).last(images.size()), images, options);
    images.clear();
  }
  left_out_report = left_out.report();
  return judged;
}

using Answers = std::vector<const JudgedAnswer*>;

// Of equally frequent ones the first in the alphabet.
std::string most_frequent_answer(const Answers& answers) {
  std::map<std::string, int> frequency;
  for (const JudgedAnswer* each : answers)
    for (const std::string& annotator : each->sample.answers) ++frequency[normalize_answer(annotator)];
  return std::ranges::max_element(frequency, {}, [](const auto& entry) { return entry.second; })->first;
}

AnswerMetrics metrics_of(const Answers& answers) {
  const std::string majority = most_frequent_answer(answers);
  AnswerMetrics metrics{.questions = answers.size()};
  for (const JudgedAnswer* each : answers) {
    metrics.accuracy += each->accuracy;
    metrics.majority += vqa_accuracy(majority, each->sample.answers);
    metrics.blind += each->blind_accuracy;
  }
  for (double* value : {&metrics.accuracy, &metrics.majority, &metrics.blind}) *value /= static_cast<double>(answers.size());
  return metrics;
}

json json_of(const AnswerMetrics& metrics) {
  return {
      {"accuracy", metrics.accuracy}, {"majority", metrics.majority}, {"blind", metrics.blind}, {"questions", metrics.questions}};
}

}  // namespace

QuestionEvaluation evaluate_answers(Answerer& answerer, const QuestionDataset& dataset, const QuestionEvaluationOptions& options) {
  QuestionEvaluation evaluation;
  evaluation.answers = ask_all(answerer, dataset, options, evaluation.left_out);
  std::map<std::string, Answers> types;
  for (const JudgedAnswer& each : evaluation.answers) types[each.sample.type.empty() ? "any" : each.sample.type].push_back(&each);
  const auto total = static_cast<double>(evaluation.answers.size());
  evaluation.all.questions = evaluation.answers.size();
  for (const auto& [type, answers] : types) {
    const AnswerMetrics own = evaluation.per_type[type] = metrics_of(answers);
    const double weight = static_cast<double>(own.questions) / total;
    evaluation.all.accuracy += weight * own.accuracy;
    evaluation.all.majority += weight * own.majority;
    evaluation.all.blind += weight * own.blind;
  }
  return evaluation;
}

json QuestionEvaluation::to_json() const {
  json object = json_of(all);
  if (left_out.total() > 0) object["left_out"] = left_out.total();
  for (const auto& [type, metrics] : per_type) object["per_type"][type] = json_of(metrics);
  return object;
}

}  // namespace omma

#include "omma/agent/evaluation/picture_questions.h"

#include <algorithm>
#include <map>
#include <utility>

#include "omma/base/error.h"
#include "omma/text/plural.h"

namespace omma {
namespace {

constexpr std::string_view place_of_the_class = "{}";

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

void check_classes(const std::vector<std::string>& classes, const std::vector<std::string>& known) {
  if (known.empty()) return;  // an open set
  for (const std::string& phrase : classes)
    check(std::ranges::find(known, phrase) != known.end(), "class to count: expected one of {}, got \"{}\"", joined(known), phrase);
}

int count_of_phrase(const DetectionSample& sample, const std::string& phrase) {
  return static_cast<int>(std::ranges::count_if(
      sample.targets, [&](const DetectionTarget& target) { return target.phrase == phrase && !target.crowd && !target.ignore; }));
}

std::vector<std::string> classes_of(const DetectionDataset& dataset, const DetectionSample& sample,
                                    const CountingQuestionOptions& options) {
  std::vector<std::string> classes = options.classes.empty() ? dataset.phrases() : options.classes;
  if (!classes.empty()) return classes;
  for (const DetectionTarget& target : sample.targets)
    if (std::ranges::find(classes, target.phrase) == classes.end()) classes.push_back(target.phrase);
  return classes;
}

PictureQuestion counting_question(std::string kind, std::string text, int count) {
  return {.type = "count", .kind = std::move(kind), .text = std::move(text), .answers = {std::to_string(count)}};
}

std::vector<PictureQuestion> ask_counts(const DetectionDataset& dataset, std::size_t picture,
                                        const CountingQuestionOptions& options) {
  const DetectionSample sample = dataset.sample(picture);
  const std::vector<std::string> classes = classes_of(dataset, sample, options);
  const std::size_t place = options.question.find(place_of_the_class);
  std::vector<PictureQuestion> asked;
  if (place == std::string::npos) {
    int count = 0;
    for (const std::string& phrase : classes) count += count_of_phrase(sample, phrase);
    asked.push_back(counting_question(joined(classes), options.question, count));
    return asked;
  }
  for (const std::string& phrase : classes) {
    std::string text = options.question;
    text.replace(place, place_of_the_class.size(), plural_of(phrase));
    asked.push_back(counting_question(phrase, std::move(text), count_of_phrase(sample, phrase)));
  }
  return asked;
}

}  // namespace

PictureQuestions counting_questions(std::shared_ptr<const DetectionDataset> dataset, const CountingQuestionOptions& options) {
  check_classes(options.classes, dataset->phrases());
  return {.pictures = dataset->size(),
          .key = [dataset](std::size_t picture) { return dataset->sample(picture).key; },
          .questions = [dataset, options](std::size_t picture) { return ask_counts(*dataset, picture, options); },
          .image = [dataset](std::size_t picture) { return dataset->image(picture); }};
}

PictureQuestions questions_of(std::shared_ptr<const QuestionDataset> dataset) {
  return {.pictures = dataset->size(),
          .key = [dataset](std::size_t index) { return dataset->sample(index).key; },
          .questions =
              [dataset](std::size_t index) {
                QuestionSample sample = dataset->sample(index);
                const std::string type = sample.type.empty() ? "any" : sample.type;
                return std::vector<PictureQuestion>{
                    {.type = type, .kind = type, .text = std::move(sample.question), .answers = std::move(sample.answers)}};
              },
          .image = [dataset](std::size_t index) { return dataset->image(index); }};
}

std::optional<int> expected_count(const PictureQuestion& question) {
  const std::string& answer = question.answers.at(0);
  const bool number =
      !answer.empty() && answer.size() < 10 && std::ranges::all_of(answer, [](char c) { return c >= '0' && c <= '9'; });
  return number ? std::optional(std::stoi(answer)) : std::nullopt;
}

TrainingCounts training_counts(const PictureQuestions& training) {
  TrainingCounts counts;
  std::map<std::string, double> asked;
  for (std::size_t i = 0; i < training.pictures; ++i)
    for (const PictureQuestion& question : training.questions(i))
      if (const auto count = expected_count(question)) {
        counts.means[question.kind] += *count;
        ++asked[question.kind];
      }
  for (auto& [kind, sum] : counts.means) sum /= asked[kind];
  return counts;
}

}  // namespace omma

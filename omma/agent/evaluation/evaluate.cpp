#include "omma/agent/evaluation/evaluate.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "omma/agent/evaluation/failing_tools.h"
#include "omma/agent/evaluation/scene_questions.h"
#include "omma/base/log.h"
#include "omma/base/progress.h"
#include "omma/base/rng.h"

namespace omma {

namespace {

constexpr std::uint64_t failure_seed_offset = 0xbad;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view first_digits(std::string_view text) {
  const auto begin = std::find_if(text.begin(), text.end(), is_digit);
  return {begin, std::find_if_not(begin, text.end(), is_digit)};
}

// Lower-case words, single blanks between.
std::string words_of(std::string_view text) {
  std::string words;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      words += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!words.empty() && words.back() != ' ')
      words += ' ';
  }
  while (words.ends_with(' ')) words.pop_back();
  return words;
}

struct Score {
  int right = 0;
  int asked = 0;
  int cut = 0;  // questions that are answered with a mask
  double iou = 0;
  void add(bool is_right) {
    right += is_right ? 1 : 0;
    ++asked;
  }
  void add(const SceneQuestion& question, const AgentAnswer& answer) {
    add(answer.right);
    if (!question.mask) return;
    iou += mask_iou(question, answer.result);
    ++cut;
  }
};

json to_json(const Score& score) {
  json figures = {
      {"right", score.right}, {"asked", score.asked}, {"accuracy", static_cast<double>(score.right) / std::max(1, score.asked)}};
  if (score.cut > 0) figures["mean_iou"] = score.iou / score.cut;
  return figures;
}

// A data set's pictures, and what an agent says about them.
class PictureJudge {
 public:
  PictureJudge(LanguageModel& model, const PictureModels& eyes, const PictureQuestions& questions, const AgentOptions& options,
               const AgentAnswerObserver& observer)
      : model_(model), eyes_(eyes), questions_(questions), options_(options), observer_(observer) {}

  void ask_about(std::size_t picture) {
    const std::optional<Image> image = read(picture);
    if (!image) return;
    const Toolbox tools = picture_tools(eyes_, std::make_shared<const Image>(*image));
    for (const PictureQuestion& question : questions_.questions(picture)) ask(picture, tools, question);
  }

  json figures(const TrainingCounts& training) const {
    json figures = {{"all", to_json(total_)},
                    {"pictures", questions_.pictures - unreadable_},
                    {"steps", static_cast<double>(steps_) / std::max(1, total_.asked)}};
    for (const auto& [type, score] : scores_) figures["per_type"][type] = to_json(score);
    if (unreadable_ > 0) figures["unreadable"] = unreadable_;
    if (counts_.empty()) return figures;
    for (const auto& [kind, counted] : counts_) figures["counting"][kind] = counting_report({{kind, counted}}, training).to_json();
    const CountingReport overall = counting_report(counts_, training);
    figures["counting_overall"] = overall.to_json();
    if (!overall.mean)
      figures["mean_mae_absent"] = training.absent.empty() ? "the training split does not ask for all of these" : training.absent;
    return figures;
  }

 private:
  std::optional<Image> read(std::size_t picture) {
    try {
      return questions_.image(picture);
    } catch (const std::invalid_argument& error) {
      log_warning("left out: {}", error.what());
      ++unreadable_;
      return std::nullopt;
    }
  }

  void ask(std::size_t picture, const Toolbox& tools, const PictureQuestion& question) {
    AgentAnswer answer{.key = questions_.key(picture),
                       .question = question.text,
                       .expected = question.answers.at(0),
                       .result = {},
                       .right = false};
    answer.result = run_agent(model_, tools, question.text, options_);
    answer.right =
        std::ranges::any_of(question.answers, [&](const std::string& expected) { return says(answer.result.answer, expected); });
    scores_[question.type].add(answer.right);
    total_.add(answer.right);
    if (const auto count = expected_count(question))
      counts_[question.kind].push_back({.truth = *count, .said = first_number(answer.result.answer)});
    steps_ += answer.result.steps.size();
    if (observer_) observer_(answer);
  }

  LanguageModel& model_;
  const PictureModels& eyes_;
  const PictureQuestions& questions_;
  const AgentOptions& options_;
  const AgentAnswerObserver& observer_;
  std::map<std::string, Score> scores_;
  Score total_;
  CountsByKind counts_;
  std::size_t unreadable_ = 0, steps_ = 0;
};

}  // namespace

std::optional<int> first_number(std::string_view answer) {
  const std::string_view digits = first_digits(answer);
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

bool says(std::string_view answer, std::string_view expected) {
  if (!expected.empty() && std::all_of(expected.begin(), expected.end(), is_digit)) return first_digits(answer) == expected;
  const std::string said = words_of(answer), wanted = words_of(expected);
  return said == wanted || ((wanted == "yes" || wanted == "no") && said.starts_with(wanted + " "));
}

json evaluate_agent(LanguageModel& model, const std::optional<PictureModels>& models, const AgentEvaluationOptions& options,
                    const AgentAnswerObserver& observer) {
  std::map<std::string, Score> scores;
  double steps = 0;
  Progress progress("scenes", options.scenes);
  for (std::uint64_t index = 0; index < static_cast<std::uint64_t>(options.scenes); ++index) {
    const Scene scene = make_scene(options.seed, index, options.scene);
    const std::vector<SceneQuestion> asked = scene_questions(scene, Rng(options.seed, index), options.wording);
    const PictureModels eyes = models ? *models : models_that_know(scene, asked);
    const Toolbox tools = with_failures(picture_tools(eyes, std::make_shared<const Image>(scene.image)), options.tool_errors,
                                        Rng(options.seed + failure_seed_offset, index));
    for (const SceneQuestion& question : asked) {
      if (!can_answer(eyes, question)) continue;
      AgentAnswer answer{
          .scene = index, .key = {}, .question = question.text, .expected = question.answer, .result = {}, .right = false};
      answer.result = run_agent(model, tools, question.text, options.agent);
      answer.right = is_right(question, answer.result);
      scores[question.type].add(question, answer);
      scores["all"].add(answer.right);
      steps += static_cast<double>(answer.result.steps.size());
      if (observer) observer(answer);
    }
    progress.advance();
  }
  json figures;
  for (const auto& [type, score] : scores) figures[type] = to_json(score);
  figures["steps"] = steps / std::max(1, scores["all"].asked);
  return figures;
}

json evaluate_agent(LanguageModel& model, const PictureModels& models, const PictureQuestions& questions,
                    const TrainingCounts& training, const AgentOptions& options, const AgentAnswerObserver& observer) {
  PictureJudge judge(model, models, questions, options, observer);
  Progress progress("agent", static_cast<std::int64_t>(questions.pictures));
  for (std::size_t picture = 0; picture < questions.pictures; ++picture) {
    judge.ask_about(picture);
    progress.advance();
  }
  return judge.figures(training);
}

}  // namespace omma

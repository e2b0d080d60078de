#include "omma/agent/evaluation/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "omma/agent/evaluation/known_objects.h"
#include "omma/agent/evaluation/known_texts.h"
#include "omma/base/log.h"
#include "omma/base/progress.h"
#include "omma/base/rng.h"
#include "omma/data/world/exact_caption.h"
#include "omma/data/world/language.h"
#include "omma/data/world/words.h"
#include "omma/eval/named_objects.h"

namespace omma {

namespace {

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
  void add(bool is_right) {
    right += is_right ? 1 : 0;
    ++asked;
  }
};

// "How many red dogs are there?": there or not, with or without a colour, both by a coin.
Question simple_count(const Scene& scene, Rng& rng, Wording wording) {
  const bool present = rng.chance(0.5), colored = rng.chance(0.5);
  ObjectQuery query;
  do {
    const WorldObject& object = rng.pick(std::span<const WorldObject>(scene.objects));
    query.name = present ? object.name : rng.between(0, world_name_count - 1);
    if (colored) query.color = present ? object.color : rng.between(0, world_color_count - 1);
  } while (find_objects(scene, query).empty() == present || !may_be_said(query, scene.split));
  const bool taught = wording == Wording::taught;
  return {.text = taught ? fmt::format("How many {} are there?", phrase_of(query, true)) : held_out_count_question(query, rng),
          .answer = std::to_string(find_objects(scene, query).size()),
          .type = QuestionType::count,
          .subject = query,
          .reference = {},
          .relation = Relation::left_of};
}

struct AgentQuestion {
  std::string type;
  std::string text;
  std::string answer;
};

// The world's own counting questions have answers from 0 to 6 about equally often: many of a kind, few of which are there in most
// scenes.
std::vector<AgentQuestion> all_questions(const Scene& scene, Rng rng, Wording wording) {
  std::vector<AgentQuestion> asked;
  const auto add = [&](std::string_view type, const Question& question) {
    asked.push_back({std::string(type), question.text, question.answer});
  };
  for (const Question& question : questions(scene, rng, wording))
    add(question.type == QuestionType::count ? "count_balanced" : name_of(question.type), question);
  add("count", simple_count(scene, rng, wording));
  if (wording == Wording::held_out) return asked;  // all requests for a description are taught
  const std::string_view request = rng.pick(description_requests());
  asked.push_back({"describe", std::string(request), exact_caption(scene, rng)});
  return asked;
}

PictureModels models_that_know(const Scene& scene, const std::vector<AgentQuestion>& asked) {
  std::map<std::string, std::string> answers;
  for (const AgentQuestion& question : asked) answers.emplace(question.text, question.answer);
  const std::string exact = asked.back().type == "describe" ? asked.back().answer : "";
  return {.detector = std::make_shared<KnownObjectDetector>(known_objects(scene)),
          .captioner = std::make_shared<KnownCaptioner>(exact),
          .answerer = std::make_shared<KnownAnswerer>(std::move(answers))};
}

bool is_right(const AgentQuestion& question, const std::string& answer) {
  if (question.type == "describe") return named_objects(answer) == named_objects(question.answer);
  return says(answer, question.answer);
}

json to_json(const Score& score) {
  return {
      {"right", score.right}, {"asked", score.asked}, {"accuracy", static_cast<double>(score.right) / std::max(1, score.asked)}};
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
    const std::vector<AgentQuestion> asked = all_questions(scene, Rng(options.seed, index), options.wording);
    const PictureModels eyes = models ? *models : models_that_know(scene, asked);
    const Toolbox tools = picture_tools(eyes, std::make_shared<const Image>(scene.image));
    for (const AgentQuestion& question : asked) {
      if (question.type == "describe" && !eyes.captioner) continue;
      AgentAnswer answer{
          .scene = index, .key = {}, .question = question.text, .expected = question.answer, .result = {}, .right = false};
      answer.result = run_agent(model, tools, question.text, options.agent);
      answer.right = is_right(question, answer.result.answer);
      scores[question.type].add(answer.right);
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

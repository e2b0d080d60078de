#include "omma/eval/pope.h"

#include <algorithm>
#include <numeric>

#include "omma/base/error.h"
#include "omma/base/progress.h"
#include "omma/base/rng.h"
#include "omma/data/instruction_dataset.h"
#include "omma/data/world/words.h"
#include "omma/eval/grey_image.h"
#include "omma/eval/share.h"

namespace omma {
namespace {

constexpr std::array<std::string_view, 3> setting_names = {"random", "popular", "adversarial"};

// How many pictures show each class, and both of two.
struct Counts {
  std::vector<std::int64_t> alone;
  std::vector<std::vector<std::int64_t>> together;

  Counts(const PicturedClasses& pictures, std::size_t classes)
      : alone(classes), together(classes, std::vector<std::int64_t>(classes)) {
    for (const std::vector<int>& shown : pictures)
      for (const int a : shown) {
        ++alone[static_cast<std::size_t>(a)];
        for (const int b : shown) together[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)] += a != b;
      }
  }

  std::int64_t seen_with(int absent, std::span<const int> shown) const {
    std::int64_t count = 0;
    for (const int each : shown) count += together[static_cast<std::size_t>(each)][static_cast<std::size_t>(absent)];
    return count;
  }
};

// What a picture lacks, in the order in which the setting asks for it.
std::vector<int> absent_classes(std::span<const int> shown, const Counts& counts, PopeSetting setting, Rng& rng) {
  std::vector<int> absent;
  for (int each = 0; each < std::ssize(counts.alone); ++each)
    if (std::ranges::find(shown, each) == shown.end()) absent.push_back(each);
  if (setting == PopeSetting::random)
    rng.shuffle(absent);
  else if (setting == PopeSetting::popular)
    std::ranges::stable_sort(absent, std::greater(), [&](int each) { return counts.alone[static_cast<std::size_t>(each)]; });
  else
    std::ranges::stable_sort(absent, std::greater(), [&](int each) { return counts.seen_with(each, shown); });
  return absent;
}

// Of no sentence in view: everything.
std::string_view first_sentence(std::string_view answer) { return answer.substr(0, answer.find('.')); }

json json_of(const PopeMetrics& metrics) {
  return {{"accuracy", metrics.accuracy()},   {"precision", metrics.precision()},
          {"recall", metrics.recall()},       {"f1", metrics.f1()},
          {"yes_ratio", metrics.yes_ratio()}, {"questions", metrics.questions()}};
}

// The questions [begin, end) about one picture.
struct PictureTurn {
  std::size_t begin, end;
  Image image;
};

// Asks what is asked about each picture, each text once.
void ask(Answerer& answerer, std::span<const PopeQuestion> questions, const std::vector<PictureTurn>& turns,
         const PopeEvaluationOptions& options, std::vector<PopeAnswer>& answers) {
  std::vector<VisualQuestion> texts;
  std::vector<std::map<std::string, std::size_t>> places;  // into texts, for each picture
  for (const PictureTurn& turn : turns) {
    auto& place = places.emplace_back();
    for (std::size_t i = turn.begin; i < turn.end; ++i)
      if (place.try_emplace(questions[i].text, texts.size()).second)
        texts.push_back({.images = std::span(&turn.image, 1),
                         .text = options.ask_short ? asking_for_short_answer(questions[i].text) : questions[i].text});
  }
  const std::vector<AnswerResult> results = answerer.answer(texts, options.answer);
  check(results.size() == texts.size(), "evaluation: expected {} answers, got {}", texts.size(), results.size());
  for (std::size_t t = 0; t < turns.size(); ++t)
    for (std::size_t i = turns[t].begin; i < turns[t].end; ++i) {
      const std::string& answer = results[places[t].at(questions[i].text)].answer;
      answers.push_back({.question = questions[i], .answer = answer, .said_yes = reads_yes(answer)});
    }
}

}  // namespace

std::string_view name_of(PopeSetting setting) { return setting_names[static_cast<std::size_t>(setting)]; }

std::vector<PopeQuestion> pope_questions(const PicturedClasses& pictures, std::span<const std::string> classes, PopeSetting setting,
                                         const PopeOptions& options) {
  check(options.questions >= 2 && options.questions % 2 == 0, "pope: expected an even number of questions, got {}",
        options.questions);
  const Counts counts(pictures, classes.size());
  const auto half = static_cast<std::size_t>(options.questions / 2);
  std::vector<PopeQuestion> questions;
  for (std::size_t picture = 0; picture < pictures.size(); ++picture) {
    std::vector<int> shown = pictures[picture];
    Rng rng(options.seed, picture), absent_rng(~options.seed, picture);
    const std::vector<int> absent = absent_classes(shown, counts, setting, absent_rng);
    if (shown.size() < half || absent.size() < half) continue;
    rng.shuffle(shown);
    for (std::size_t i = 0; i < 2 * half; ++i) {
      const bool yes = i % 2 == 0;
      const std::string& name = classes[static_cast<std::size_t>(yes ? shown[i / 2] : absent[i / 2])];
      questions.push_back({.id = fmt::format("{}-{}-{}", name_of(setting), picture, i),
                           .setting = std::string(name_of(setting)),
                           .picture = picture,
                           .text = fmt::format("Is there {} {}?", with_article(name), options.place),
                           .yes = yes});
    }
  }
  return questions;
}

bool reads_yes(std::string_view answer) {
  std::string sentence(first_sentence(answer));
  std::erase(sentence, ',');
  for (std::string_view rest = sentence; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (word == "No" || word == "not" || word == "no") return false;
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  }
  return true;
}

double PopeMetrics::accuracy() const { return share(true_yes + true_no, questions()); }
double PopeMetrics::precision() const { return share(true_yes, true_yes + false_yes); }
double PopeMetrics::recall() const { return share(true_yes, true_yes + false_no); }
double PopeMetrics::f1() const { return share(2 * true_yes, 2 * true_yes + false_yes + false_no); }
double PopeMetrics::yes_ratio() const { return share(true_yes + false_yes, questions()); }

void PopeMetrics::add(bool right_is_yes, bool said_yes) {
  ++(right_is_yes ? (said_yes ? true_yes : false_no) : (said_yes ? false_yes : true_no));
}

PopeEvaluation evaluate_pope(Answerer& answerer, const PopeData& data, const PopeEvaluationOptions& options) {
  const std::vector<PopeQuestion>& questions = data.questions();
  check(!questions.empty(), "pope: no picture shows and lacks enough kinds of things to ask about");
  check(options.batch >= 1, "evaluation: batch: expected at least 1, got {}", options.batch);
  LeftOutPictures left_out("evaluation", data.size(), options.max_fault_share);
  Progress progress("ask", static_cast<std::int64_t>(questions.size()));
  PopeEvaluation evaluation;
  std::vector<PictureTurn> turns;
  for (std::size_t begin = 0; begin < questions.size();) {
    std::size_t end = begin;
    while (end < questions.size() && questions[end].picture == questions[begin].picture) ++end;
    if (auto image = load_or_leave_out(data, questions[begin].picture, left_out))
      turns.push_back({.begin = begin, .end = end, .image = options.blind ? grey_image(*image) : std::move(*image)});
    progress.advance(static_cast<std::int64_t>(end - begin));
    begin = end;
    if (turns.empty() || (std::ssize(turns) < options.batch && begin < questions.size())) continue;
    ask(answerer, questions, turns, options, evaluation.answers);
    turns.clear();
  }
  for (const PopeAnswer& answer : evaluation.answers)
    evaluation.settings[answer.question.setting].add(answer.question.yes, answer.said_yes);
  evaluation.left_out = left_out.report();
  return evaluation;
}

json PopeEvaluation::to_json() const {
  json object = {{"settings", json::object()}};
  for (const auto& [setting, metrics] : settings) {
    const json of = json_of(metrics);
    object["settings"][setting] = of;
    for (const auto& [name, value] : of.items()) {
      if (name == "questions")
        object[name] = object.value(name, std::int64_t{0}) + value.get<std::int64_t>();
      else
        object[name] = object.value(name, 0.0) + value.get<double>() / static_cast<double>(settings.size());
    }
  }
  if (left_out.total() > 0) object["left_out"] = left_out.total();
  return object;
}

}  // namespace omma

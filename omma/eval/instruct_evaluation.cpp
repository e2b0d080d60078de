#include "omma/eval/instruct_evaluation.h"

#include <algorithm>
#include <map>

#include "omma/base/checksum.h"
#include "omma/base/error.h"
#include "omma/base/progress.h"
#include "omma/base/rng.h"
#include "omma/data/world/oracle.h"
#include "omma/eval/grey_image.h"
#include "omma/eval/share.h"

namespace omma {
namespace {

constexpr const char* detail_question = "Describe the picture in detail.";

double harmonic_mean(double a, double b) { return a + b == 0 ? 0 : 2 * a * b / (a + b); }

std::int64_t count_words(const std::string& text) {
  std::int64_t words = 0;
  bool in_word = false;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t';
    words += !blank && !in_word;
    in_word = !blank;
  }
  return words;
}

using Things = std::map<std::pair<int, int>, std::int64_t>;  // how many of each name and colour

// As many as one mention says, and one more for "another".
Things named_in(const std::vector<Statement>& statements) {
  Things things;
  for (const Statement& statement : statements) {
    const Mention& subject = statement.subject;
    if (statement.kind != Statement::Kind::exists || statement.negated || subject.names.size() != 1) continue;
    std::int64_t& count = things[{subject.names.front(), subject.color.value_or(-1)}];
    count = subject.other ? count + 1 : std::max(count, static_cast<std::int64_t>(subject.count));
  }
  return things;
}

void judge_objects(JudgedSaying& saying, const std::vector<Statement>& statements, const std::vector<SeenObject>& objects) {
  Things present;
  for (const SeenObject& object : objects) ++present[{object.name, object.color}];
  saying.present = std::ssize(objects);
  for (const auto& [thing, count] : named_in(statements))
    if (const auto found = present.find(thing); found != present.end()) saying.named += std::min(count, found->second);
}

// Things that are said to be there, whatever their colour, and are not.
void judge_inventions(JudgedSaying& saying, const std::vector<Statement>& statements, const std::vector<SeenObject>& objects) {
  for (const Statement& statement : statements) {
    if (statement.kind != Statement::Kind::exists || statement.negated || statement.subject.names.size() != 1) continue;
    ++saying.named_things;
    saying.invented += std::ranges::find(objects, statement.subject.names.front(), &SeenObject::name) == objects.end();
  }
}

struct Turn {
  TextedPicture picture;
  Image image;
  std::vector<InstructionRound> rounds;  // the first is the description
};

Turn read_turn(const PictureTexts& data, std::size_t index, std::uint64_t seed) {
  Turn turn{.picture = data.sample(index), .image = data.image(index), .rounds = {}};
  const std::uint64_t own = Rng(seed, checksum(turn.picture.key)).bits();
  const std::string captions = text_of(turn.picture.text, PictureParts::captions);
  const std::string all = text_of(turn.picture.text, PictureParts::captions_and_boxes);
  turn.rounds.push_back({.question = detail_question, .answer = oracle_detail(all, own)});
  for (InstructionRound& round : oracle_conversation(captions, own)) turn.rounds.push_back(std::move(round));
  return turn;
}

void ask(Answerer& answerer, const std::vector<Turn>& turns, const PictureTexts& data, const AnswerOptions& options,
         InstructEvaluation& evaluation) {
  std::vector<VisualQuestion> questions;
  for (const Turn& turn : turns)
    for (const InstructionRound& round : turn.rounds)
      questions.push_back({.images = std::span(&turn.image, 1), .text = round.question});
  const std::vector<AnswerResult> results = answerer.answer(questions, options);
  check(results.size() == questions.size(), "evaluation: expected {} answers, got {}", questions.size(), results.size());
  std::size_t at = 0;
  for (const Turn& turn : turns) {
    const std::vector<SeenObject> objects = seen_objects(turn.picture.text.boxes, data.lexicon());
    for (const InstructionRound& round : turn.rounds) {
      const bool first = &round == &turn.rounds.front();
      JudgedSaying saying =
          judge_saying(first ? "detail" : "conversation", round.question, results[at++].answer, objects, data.lexicon());
      saying.key = turn.picture.key;
      saying.reference = round.answer;
      (first ? evaluation.detail : evaluation.conversation).add(saying);
      evaluation.sayings.push_back(std::move(saying));
    }
  }
}

}  // namespace

JudgedSaying judge_saying(const std::string& kind, const std::string& question, const std::string& answer,
                          const std::vector<SeenObject>& objects, const Lexicon& lexicon) {
  JudgedSaying saying{.key = {}, .kind = kind, .question = question, .reference = {}, .answer = answer};
  const std::vector<Statement> statements = read_statements(answer, lexicon, question);
  for (const Statement& statement : statements) {
    const Verdict verdict = judge(statement, objects);
    ++(verdict == Verdict::yes ? saying.right : verdict == Verdict::no ? saying.wrong : saying.undecided);
  }
  if (kind == "detail") judge_objects(saying, statements, objects);
  judge_inventions(saying, statements, objects);
  saying.words = count_words(answer);
  return saying;
}

void SayingMetrics::add(const JudgedSaying& saying) {
  ++answers;
  answered += saying.right > 0 && saying.wrong == 0;
  right += saying.right;
  wrong += saying.wrong;
  undecided += saying.undecided;
  present += saying.present;
  named += saying.named;
  named_things += saying.named_things;
  invented += saying.invented;
  words += saying.words;
}

double SayingMetrics::precision() const { return share(right, right + wrong); }
double SayingMetrics::recall() const { return present > 0 ? share(named, present) : share(answered, answers); }
double SayingMetrics::f1() const { return harmonic_mean(precision(), recall()); }
double SayingMetrics::invented_per_100_words() const { return 100 * share(invented, words); }

json SayingMetrics::to_json() const {
  return {{"precision", precision()},
          {"recall", recall()},
          {"f1", f1()},
          {"invented_per_100_words", invented_per_100_words()},
          {"facts", {{"true", right}, {"false", wrong}, {"undecided", undecided}}},
          {"answers", answers}};
}

InstructEvaluation evaluate_instructions(Answerer& answerer, const PictureTexts& data, const InstructEvaluationOptions& options) {
  const std::size_t count = options.count == 0 ? data.size() : std::min(options.count, data.size());
  check(count > 0, "evaluation: expected at least one picture");
  check(options.batch >= 1, "evaluation: batch: expected at least 1, got {}", options.batch);
  Progress progress("ask", static_cast<std::int64_t>(count));
  InstructEvaluation evaluation;
  std::vector<Turn> turns;
  for (std::size_t index = 0; index < count; ++index) {
    turns.push_back(read_turn(data, index, options.seed));
    if (options.blind) turns.back().image = grey_image(turns.back().image);
    progress.advance();
    if (std::ssize(turns) < options.batch && index + 1 < count) continue;
    ask(answerer, turns, data, options.answer, evaluation);
    turns.clear();
  }
  return evaluation;
}

json InstructEvaluation::to_json() const {
  const double precision = (detail.precision() + conversation.precision()) / 2;
  const double recall = (detail.recall() + conversation.recall()) / 2;
  const std::int64_t invented = detail.invented + conversation.invented, words = detail.words + conversation.words;
  return {{"precision", precision},
          {"recall", recall},
          {"f1", (detail.f1() + conversation.f1()) / 2},
          {"invented_per_100_words", 100 * share(invented, words)},
          {"detail", detail.to_json()},
          {"conversation", conversation.to_json()}};
}

}  // namespace omma

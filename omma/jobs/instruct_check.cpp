#include "omma/jobs/instruct_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "omma/data/instruction_dataset.h"
#include "omma/data/statements.h"
#include "omma/data/world/words.h"

namespace omma {
namespace {

constexpr std::size_t longest_question = 400, longest_answer = 4000, most_rounds = 20;
constexpr std::array<std::string_view, 19> source_words = {"caption",
                                                           "bounding box",
                                                           "the boxes",
                                                           "boxes are labelled",
                                                           "boxes are labeled",
                                                           "coordinate",
                                                           "the description",
                                                           "provided text",
                                                           "given text",
                                                           "the text says",
                                                           "as described",
                                                           "annotation",
                                                           "provided information",
                                                           "given information",
                                                           "language model",
                                                           "cannot see the",
                                                           "can't see the",
                                                           "according to the text",
                                                           "list of objects"};

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? "" : std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

// A box's edges: "0.25", ".125"; "0.1, 0.3".
bool has_coordinates(std::string_view text) {
  const auto digit = [&](std::size_t at) { return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0; };
  for (std::size_t at = text.find('.'); at != std::string_view::npos; at = text.find('.', at + 1)) {
    if (digit(at + 1) && digit(at + 2)) return true;
    const bool goes_on = digit(at + 1) && at + 2 < text.size() && text[at + 2] == ',';
    if (const std::size_t next = text.find_first_not_of(' ', at + 3); goes_on && next != std::string_view::npos)
      if (text[next] == '.' || (digit(next) && text.substr(next + 1, 1) == "." && digit(next + 2))) return true;
  }
  return false;
}

// The parts between lines of "===".
std::vector<std::string> parts_of(std::string_view reply) {
  std::vector<std::string> parts(1);
  while (!reply.empty()) {
    const std::string_view line = reply.substr(0, reply.find('\n'));
    reply.remove_prefix(std::min(reply.size(), line.size() + 1));
    const std::string bare = trimmed(line);
    if (bare.size() >= 3 && bare.find_first_not_of('=') == std::string::npos)
      parts.emplace_back();
    else
      parts.back() += std::string(line) + "\n";
  }
  for (std::string& part : parts) part = trimmed(part);
  std::erase(parts, "");
  return parts;
}

// The text behind "Question:" or "Answer:"; nothing where the part does not begin so.
std::optional<std::string> labelled(const std::string& part, std::string_view label) {
  if (!lower_case(part).starts_with(label)) return std::nullopt;
  return trimmed(std::string_view(part).substr(label.size()));
}

// The blocks of a reply; what has not their form is refused.
std::vector<InstructionRound> read_blocks(std::string_view reply, std::vector<RefusedRound>& refused) {
  std::vector<InstructionRound> rounds;
  std::optional<std::string> question;
  const auto refuse = [&](const std::string& asked, const std::string& answered, const char* why) {
    refused.push_back({.round = {asked, answered}, .reason = "form", .why = why});
  };
  for (const std::string& part : parts_of(reply)) {
    if (const auto asked = labelled(part, "question:")) {
      if (question) refuse(*question, "", "a question without an answer");
      question = asked;
    } else if (const auto answer = labelled(part, "answer:"); answer && question) {
      rounds.push_back({.question = *question, .answer = *answer});
      question.reset();
    } else {
      refuse(question.value_or(""), part.substr(0, longest_answer), "expected \"Question:\" === \"Answer:\"");
      question.reset();
    }
  }
  if (question) refuse(*question, "", "a question without an answer");
  return rounds;
}

bool tells_of_things(const Statement& statement) {
  if (statement.kind == Statement::Kind::color || statement.kind == Statement::Kind::relation) return true;
  const Mention& subject = statement.subject;
  return statement.kind == Statement::Kind::exists && (!subject.group || subject.exact || subject.color);
}

// Words of the answer that answer: colours, numbers, or all of it.
bool holds_answer(const InstructionRound& round) {
  const std::string question = " " + lower_case(round.question) + " ", answer = lower_case(round.answer);
  if (answer.starts_with("yes") || answer.starts_with("no")) return false;
  const bool asks_color = question.find("color") != std::string::npos || question.find("colour") != std::string::npos;
  for (int color = 0; color < world_color_count && asks_color; ++color) {
    const auto word = std::string(world_color(color));
    if (question.find(" " + word) != std::string::npos && answer.find(word) != std::string::npos) return true;
  }
  const bool asks_number = question.find("how many") != std::string::npos;
  for (int number = 0; number <= 10 && asks_number; ++number) {
    const std::string word = fmt::format(" {} ", number_word(number));
    if (question.find(word) != std::string::npos && (" " + answer).find(word.substr(0, word.size() - 1)) != std::string::npos)
      return true;
  }
  const std::string bare = answer.substr(0, answer.find_last_not_of(" .!") + 1);
  const bool choice = question.find(" or ") != std::string::npos;
  return !choice && bare.size() >= 3 && question.find(" " + bare) != std::string::npos;
}

class Checker {
 public:
  Checker(InstructKind kind, std::span<const SeenObject> objects, const Lexicon& lexicon)
      : kind_(kind), objects_(objects), lexicon_(lexicon) {}

  void take(InstructionRound round) {
    std::string why;
    const std::string reason = fault_of(round, why);
    if (reason.empty())
      checked.rounds.push_back(std::move(round));
    else
      checked.refused.push_back({.round = std::move(round), .reason = reason, .why = std::move(why)});
  }

  CheckedReply checked;

 private:
  std::string fault_of(const InstructionRound& round, std::string& why) {
    const auto fault = [&](const char* reason, std::string words) {
      why = std::move(words);
      return std::string(reason);
    };
    const std::string text = round.question + "\n" + round.answer, lower = lower_case(text);
    if (round.question.empty() || round.answer.empty()) return fault("empty", "expected a question and an answer");
    if (lower.find(image_token) != std::string::npos) return fault("token", "holds <image>");
    if (round.question.size() > longest_question || round.answer.size() > longest_answer || checked.rounds.size() >= most_rounds)
      return fault("rambling", fmt::format("{} and {} bytes, after {} rounds", round.question.size(), round.answer.size(),
                                           checked.rounds.size()));
    if (lower_case(round.answer).find("question:") != std::string::npos) return fault("form", "a question within the answer");
    for (const std::string_view word : source_words)
      if (lower.find(word) != std::string::npos) return fault("source", fmt::format("speaks of \"{}\"", word));
    if (has_coordinates(text)) return fault("source", "holds a coordinate");
    for (const InstructionRound& earlier : checked.rounds)
      if (lower_case(earlier.question) == lower_case(round.question)) return fault("repeated", "the question was asked before");
    if (repeats_itself(round.answer)) return fault("rambling", "a sentence three times");
    if (gives_away(round)) return fault("gives away", "the question holds what is to be found out");
    return judge_facts(round, why) ? "" : "false";
  }

  static bool repeats_itself(const std::string& answer) {
    std::vector<std::string> sentences;
    for (std::size_t begin = 0; begin < answer.size();) {
      const std::size_t end = std::min(answer.size(), answer.find_first_of(".!?\n", begin));
      if (std::string sentence = trimmed(lower_case(answer.substr(begin, end - begin))); sentence.size() > 3)
        sentences.push_back(std::move(sentence));
      begin = end + 1;
    }
    return std::ranges::any_of(sentences, [&](const std::string& each) { return std::ranges::count(sentences, each) >= 3; });
  }

  bool gives_away(const InstructionRound& round) const {
    if (kind_ == InstructKind::detail) return false;
    if (kind_ == InstructKind::conversation) return holds_answer(round);
    std::string asked = round.question;  // read as if it were said
    std::ranges::replace(asked, '?', '.');
    return std::ranges::any_of(read_statements(asked, lexicon_), tells_of_things);
  }

  // Against all that is there; where the data name none of it, nothing can be judged.
  bool judge_facts(const InstructionRound& round, std::string& why) {
    if (objects_.empty()) return true;
    for (const Statement& statement : read_statements(round.answer, lexicon_, round.question)) {
      const Verdict verdict = judge(statement, objects_);
      ++checked.facts[static_cast<std::size_t>(verdict)];
      if (verdict == Verdict::no && why.empty()) why = text_of(statement, lexicon_);
    }
    return why.empty();
  }

  InstructKind kind_;
  std::span<const SeenObject> objects_;
  const Lexicon& lexicon_;
};

}  // namespace

CheckedReply check_reply(InstructKind kind, const TeacherReply& given, std::string_view request,
                         std::span<const SeenObject> objects, const Lexicon& lexicon) {
  Checker checker(kind, objects, lexicon);
  const std::string_view reply = given.text;
  if (trimmed(reply).empty()) {
    checker.checked.refused.push_back({.round = {}, .reason = "empty", .why = "an empty reply"});
    return std::move(checker.checked);
  }
  const auto refuse_cut = [&](InstructionRound round) {
    checker.checked.refused.push_back({.round = std::move(round), .reason = "form", .why = "cut at the limit of tokens"});
  };
  if (kind == InstructKind::detail) {
    InstructionRound round{.question = std::string(request), .answer = trimmed(reply)};
    given.is_cut ? refuse_cut(std::move(round)) : checker.take(std::move(round));
    return std::move(checker.checked);
  }
  std::vector<RefusedRound> malformed;
  std::vector<InstructionRound> rounds = read_blocks(reply, malformed);
  const bool one_wanted = kind == InstructKind::reasoning;
  if (one_wanted && rounds.size() + malformed.size() != 1) {
    checker.checked.refused.push_back({.round = rounds.empty() ? InstructionRound{} : rounds.front(),
                                       .reason = "form",
                                       .why = fmt::format("expected one question with its answer, got {}", rounds.size())});
    return std::move(checker.checked);
  }
  if (given.is_cut && !rounds.empty() && labelled(parts_of(reply).back(), "answer:")) {
    refuse_cut(std::move(rounds.back()));
    rounds.pop_back();
  }
  for (const InstructionRound& round : rounds) checker.take(round);
  for (RefusedRound& part : malformed) checker.checked.refused.push_back(std::move(part));
  return std::move(checker.checked);
}

}  // namespace omma

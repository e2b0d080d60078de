#include "omma/data/statements.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/data/statement_elements.h"
#include "omma/data/world/words.h"

namespace omma {
namespace {

using Element = StatementElement;
using Kind = Element::Kind;

// What one sentence states, element by element from left to right.
class Interpreter {
 public:
  // `known`: what "it" and "one" stand for, if anything.
  Interpreter(const Sentence& sentence, const std::optional<Mention>& known) : sentence_(sentence), known_(known) {}

  std::vector<Statement> read() {
    for (at_ = 0; at_ < sentence_.elements.size(); ++at_) take(sentence_.elements[at_]);
    std::vector<Statement> all;
    for (Spoken& spoken : spoken_) {
      if (spoken.silent) continue;
      const bool negated = spoken.mention.negative;
      all.push_back({.kind = Statement::Kind::exists, .negated = negated, .subject = spoken.mention});
    }
    all.insert(all.end(), std::make_move_iterator(statements_.begin()), std::make_move_iterator(statements_.end()));
    return all;
  }

  // What a later "it" stands for: the sentence's one subject.
  std::optional<Mention> subject() const {
    if (spoken_.empty() || spoken_.front().mention.negative || spoken_.front().mention.names.empty()) return std::nullopt;
    Mention mention = spoken_.front().mention;
    mention.definite = true;
    mention.place.reset();
    return mention;
  }

 private:
  struct Spoken {
    Mention mention;
    bool inherited_place = false;  // from a place before it
    bool silent = false;           // no statement of its own: compared, or unknown
    bool reference = false;
  };

  void take(const Element& element) {
    switch (element.kind) {
      case Kind::mention:
        return take_mention(element.mention);
      case Kind::pronoun:
        return take_pronoun();
      case Kind::number:
        return take_number(element.mention);
      case Kind::relation:
        return take_relation(element.relation);
      case Kind::place:
        return take_place(*element.mention.place);
      case Kind::color:
        return take_color(element.color);
      case Kind::extreme:
        return take_extreme(element);
      case Kind::more:
      case Kind::fewer:
        comparing_ = element.kind;
        return;
      case Kind::negation:
        negated_ = true;
        return;
      case Kind::verb:
        verb_ = true;
        return;
      case Kind::turn:
        negated_ = verb_ = false;
        comparing_ = Kind::other;
        compared_ = 0;
        leading_place_.reset();
        return;
      default:
        return;
    }
  }

  Kind previous() const { return at_ == 0 ? Kind::other : sentence_.elements[at_ - 1].kind; }
  std::string_view previous_word() const { return at_ == 0 ? "" : std::string_view(sentence_.elements[at_ - 1].word); }

  void take_mention(Mention mention) {
    const bool joined = previous() == Kind::joint && !verb_ && !spoken_.empty() && !spoken_.back().reference;
    const bool neither_nor = joined && previous_word() == "or" && spoken_.back().mention.negative;
    if (neither_nor || (negated_ && !mention.definite && !mention.negative)) {
      mention.negative = true;
      if (mention.count == 2 && !mention.exact) mention.count = 1;  // "no dogs or cats"
    }
    Spoken spoken{.mention = std::move(mention)};
    if (comparing_ != Kind::other) return compare(std::move(spoken));
    if (relation_ && !subjects_.empty()) return take_reference(std::move(spoken));
    if (relation_ && !inverted_) {  // "left of the dog is a cat": the reference comes first
      inverted_ = spoken.mention;
      spoken.reference = true;
      spoken_.push_back(std::move(spoken));
      return;
    }
    if (!joined) subjects_.clear();
    if (leading_place_ && !spoken.mention.place) {
      spoken.mention.place = leading_place_;
      spoken.inherited_place = true;
    }
    subjects_.push_back(spoken_.size());
    spoken_.push_back(std::move(spoken));
    verb_ = false;
    if (inverted_) add_relation(spoken_.back().mention, *inverted_);
    if (extreme_) finish_extreme();
  }

  // "more dogs than cats".
  void compare(Spoken spoken) {
    if (previous() == Kind::than && spoken_.empty()) {  // "more than two dogs"
      comparing_ = Kind::other;
      return;
    }
    spoken.silent = true;
    spoken.mention.negative = false;
    spoken.mention.count = 1;
    spoken_.push_back(std::move(spoken));
    if (++compared_ < 2) return;
    statements_.push_back({.kind = comparing_ == Kind::more ? Statement::Kind::more : Statement::Kind::fewer,
                           .negated = negated_,
                           .subject = spoken_[spoken_.size() - 2].mention,
                           .reference = spoken_.back().mention});
    comparing_ = Kind::other;
    compared_ = 0;
  }

  void take_reference(Spoken spoken) {
    spoken.mention.negative = false;
    spoken.reference = true;
    for (const std::size_t subject : subjects_) add_relation(spoken_[subject].mention, spoken.mention);
    relation_.reset();
    spoken_.push_back(std::move(spoken));
  }

  void add_relation(const Mention& subject, const Mention& reference) {
    if (subject.names.empty() || reference.names.empty()) return;
    Statement statement{.kind = Statement::Kind::relation,
                        .negated = negated_ || subject.negative,
                        .subject = subject,
                        .reference = reference,
                        .relation = *(relation_ ? relation_ : last_relation_)};
    statement.subject.negative = false;
    statements_.push_back(std::move(statement));
    if (!negated_ && !subject.negative) return;
    for (Spoken& spoken : spoken_)  // "there is no dog left of the cat" says nothing of dogs elsewhere
      if (spoken.mention.negative) spoken.silent = true;
  }

  void take_pronoun() {
    Spoken spoken{.mention = known_.value_or(Mention{}), .silent = true};
    if (relation_) {  // "left of the tree and below it"
      const auto reference = std::find_if(spoken_.rbegin(), spoken_.rend(), [](const Spoken& each) { return each.reference; });
      if (reference != spoken_.rend()) spoken.mention = reference->mention;
    }
    spoken.mention.definite = true;
    spoken.mention.exact = false;
    if (relation_ && !subjects_.empty()) return take_reference(std::move(spoken));
    subjects_ = {spoken_.size()};
    spoken_.push_back(std::move(spoken));
    verb_ = false;
  }

  // "one on the left": of the things named before it.
  void take_number(const Mention& number) {
    const bool placed = at_ + 1 < sentence_.elements.size() && sentence_.elements[at_ + 1].kind == Kind::place;
    Spoken spoken{.mention = {}, .silent = true};
    const auto named =
        std::find_if(spoken_.rbegin(), spoken_.rend(), [](const Spoken& each) { return !each.mention.names.empty(); });
    const std::optional<Mention> antecedent = named != spoken_.rend() ? named->mention : known_;
    if (placed && antecedent && number.count > 0) {
      spoken.mention = *antecedent;
      spoken.mention.place.reset();
      spoken.mention.count = number.count;
      spoken.mention.exact = spoken.mention.negative = false;
      spoken.silent = false;
    }
    subjects_ = {spoken_.size()};
    spoken_.push_back(std::move(spoken));
    verb_ = false;
  }

  void take_relation(Relation relation) {
    const bool bound = !spoken_.empty() && (!spoken_.back().reference || previous() == Kind::joint);
    if (!bound) subjects_.clear();
    if (!verb_ && subjects_.size() > 1) subjects_ = {subjects_.back()};  // "a dog and a cat left of a tree"
    relation_ = last_relation_ = relation;
    inverted_.reset();
  }

  void take_place(const Place& place) {
    if (subjects_.empty() || relation_) {
      leading_place_ = place;
      return;
    }
    Spoken& last = spoken_[subjects_.back()];
    const bool adjacent = previous() == Kind::mention || previous() == Kind::number;
    const bool was_told_where = last.mention.place && !(adjacent && last.inherited_place);
    const bool after_reference = spoken_.back().reference;
    if (was_told_where || (after_reference && !verb_)) {
      leading_place_ = place;
      return;
    }
    if (negated_ && !last.mention.negative) return;  // "the dog is not on the left"
    for (const std::size_t subject : subjects_) {
      Spoken& spoken = spoken_[subject];
      if (subject != subjects_.back() && (!verb_ || spoken.mention.place)) continue;
      spoken.mention.place = place;
      spoken.inherited_place = false;
      if (!spoken.mention.names.empty()) spoken.silent = false;
    }
  }

  void take_color(int color) {
    if (!verb_ && !sentence_.question) return;
    for (const std::size_t subject : subjects_)
      if (const Mention& mention = spoken_[subject].mention; !mention.names.empty())
        statements_.push_back({.kind = Statement::Kind::color, .negated = negated_, .subject = mention, .color = color});
  }

  void take_extreme(const Element& element) {
    extreme_ = element;
    if (verb_ && !subjects_.empty() && !spoken_.back().reference) finish_extreme();
  }

  void finish_extreme() {
    const Mention& subject = spoken_[subjects_.back()].mention;
    if (!subject.group && !subject.names.empty())
      statements_.push_back({.kind = Statement::Kind::extreme,
                             .negated = negated_,
                             .subject = subject,
                             .reference = extreme_->mention,
                             .relation = extreme_->relation});
    extreme_.reset();
  }

  const Sentence& sentence_;
  const std::optional<Mention>& known_;
  std::size_t at_ = 0;
  std::vector<Spoken> spoken_;
  std::vector<Statement> statements_;
  std::vector<std::size_t> subjects_;  // into spoken_: what the next place or relation is told of
  std::optional<Place> leading_place_;
  std::optional<Relation> relation_, last_relation_;  // waiting for its reference, and the last one
  std::optional<Mention> inverted_;                   // a reference that waits for its subject
  std::optional<Element> extreme_;
  Kind comparing_ = Kind::other;
  int compared_ = 0;
  bool negated_ = false, verb_ = false;
};

// What a question is about, and what "yes" would say.
struct Asked {
  enum class About { nothing, yes_or_no, count, color, what } about = About::nothing;
  std::optional<Mention> subject;
  std::optional<Statement> yes;
};

int rank_of(const Statement& statement) {
  if (statement.kind == Statement::Kind::exists) return statement.subject.place ? 1 : 0;
  return statement.kind == Statement::Kind::color ? 2 : 3;
}

Asked read_question(std::string_view text, const Lexicon& lexicon) {
  Asked asked;
  for (Sentence& sentence : read_sentences(text, lexicon)) {
    const auto has = [&](std::string_view word) { return std::ranges::find(sentence.words, word) != sentence.words.end(); };
    sentence.question = true;
    const std::optional<Mention> nothing;
    Interpreter interpreter(sentence, nothing);
    std::vector<Statement> statements = interpreter.read();
    if (auto subject = interpreter.subject()) asked.subject = std::move(subject);
    if (has("many") || has("number") || has("count"))
      asked.about = Asked::About::count;
    else if (has("color") || has("colors"))
      asked.about = Asked::About::color;
    else if (has("what") || has("which") || has("where"))
      asked.about = Asked::About::what;
    else if (!statements.empty())
      asked.about = Asked::About::yes_or_no;
    if (asked.about != Asked::About::yes_or_no || statements.empty()) continue;
    asked.yes = *std::ranges::max_element(statements, {}, rank_of);
    if (asked.yes->subject.count == 2 && !asked.yes->subject.exact) asked.yes->subject.count = 1;  // "are there dogs?"
  }
  return asked;
}

// "Yes", "two" and "red" as the first word of an answer.
std::vector<Statement> read_short_answer(const Sentence& sentence, const Asked& asked) {
  std::vector<Statement> statements;
  const auto add = [&](Statement statement) { statements.push_back(std::move(statement)); };
  bool first = true;
  for (const Element& element : sentence.elements) {
    if (element.kind == Kind::mention) break;
    if (first && asked.yes && (element.kind == Kind::yes || element.kind == Kind::no)) {
      add(*asked.yes);
      statements.back().negated = asked.yes->negated != (element.kind == Kind::no);
      break;
    }
    if (asked.subject && asked.about == Asked::About::count && element.kind == Kind::number) {
      Statement count{.subject = *asked.subject};
      count.subject.count = std::max(1, element.mention.count);
      count.subject.exact = element.mention.count > 0;
      count.negated = element.mention.count == 0;
      add(std::move(count));
      break;
    }
    if (asked.subject && asked.about == Asked::About::color && element.kind == Kind::color && sentence.elements.size() == 1)
      add({.kind = Statement::Kind::color, .subject = *asked.subject, .color = element.color});
    first = first && element.kind == Kind::joint;
  }
  return statements;
}

std::string text_of(const Mention& mention, const Lexicon& lexicon) {
  std::string text = mention.negative ? "no " : mention.exact || mention.count > 1 ? fmt::format("{} ", mention.count) : "";
  if (!mention.size.empty()) text += mention.size + " ";
  if (mention.color) text += fmt::format("{} ", world_color(*mention.color));
  text += mention.names.size() == 1 ? lexicon.name(mention.names.front()) : "thing";
  if (!mention.place) return text;
  constexpr std::string_view across[] = {" left", " middle", " right"}, down[] = {" top", " middle", " bottom"};
  if (mention.place->down) text += down[*mention.place->down + 1];
  if (mention.place->across) text += across[*mention.place->across + 1];
  return text;
}

}  // namespace

std::vector<Statement> read_statements(std::string_view text, const Lexicon& lexicon, std::string_view question) {
  const Asked asked = read_question(question, lexicon);
  std::optional<Mention> known = asked.subject;
  std::vector<Statement> statements;
  bool first = true;
  for (const Sentence& sentence : read_sentences(text, lexicon)) {
    if (sentence.question || sentence.guess) continue;
    if (first) statements = read_short_answer(sentence, asked);
    first = false;
    Interpreter interpreter(sentence, known);
    for (Statement& statement : interpreter.read()) statements.push_back(std::move(statement));
    if (auto subject = interpreter.subject()) known = std::move(subject);
  }
  return statements;
}

std::string text_of(const Statement& statement, const Lexicon& lexicon) {
  constexpr std::string_view relations[] = {"left of", "right of", "above", "below", "larger than", "smaller than"};
  const std::string subject = text_of(statement.subject, lexicon), prefix = statement.negated ? "not: " : "";
  const std::string_view relation = relations[static_cast<std::size_t>(statement.relation)];
  switch (statement.kind) {
    case Statement::Kind::exists:
      return statement.subject.negative ? subject : prefix + subject;
    case Statement::Kind::color:
      return fmt::format("{}{} is {}", prefix, subject, world_color(statement.color));
    case Statement::Kind::relation:
      return fmt::format("{}{} {} {}", prefix, subject, relation, text_of(statement.reference, lexicon));
    case Statement::Kind::more:
    case Statement::Kind::fewer:
      return fmt::format("{}{} {} than {}", prefix, statement.kind == Statement::Kind::more ? "more" : "fewer", subject,
                         text_of(statement.reference, lexicon));
    case Statement::Kind::extreme:
      return fmt::format("{}{} {} all others", prefix, subject, relation);
  }
  return "";
}

}  // namespace omma

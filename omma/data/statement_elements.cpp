#include "omma/data/statement_elements.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <span>

#include "omma/data/world/words.h"

namespace omma {
namespace {

using Kind = StatementElement::Kind;
using Words = std::set<std::string_view>;

const Words verbs = {"is",     "are",   "was",   "were", "be",      "stands", "stand", "sits",       "sit",
                     "lies",   "lie",   "rests", "rest", "located", "placed", "found", "positioned", "visible",
                     "appear", "shown", "can",   "see",  "appears", "drawn",  "seen",  "sitting",    "standing"};
const Words guesses = {"if",    "would", "could",  "might",  "may",  "perhaps", "maybe",    "probably", "possibly",
                       "seems", "seem",  "likely", "should", "when", "imagine", "suggests", "suggest",  "unless"};
const Words pictures = {"picture", "image", "scene", "photo", "photograph", "frame", "canvas", "drawing", "view"};
const Words place_tails = {"corner", "side", "part", "half", "area", "edge", "region"};
const Words place_prepositions = {"on", "at", "in", "near", "toward", "towards", "along", "to"};
const Words before_numbers = {"exactly", "just", "only", "about"};

struct RelationWords {
  std::string_view words;
  Relation relation;
};
constexpr std::array<RelationWords, 20> relations = {{{"to the left of", Relation::left_of},
                                                      {"on the left of", Relation::left_of},
                                                      {"further left than", Relation::left_of},
                                                      {"left of", Relation::left_of},
                                                      {"to the right of", Relation::right_of},
                                                      {"on the right of", Relation::right_of},
                                                      {"further right than", Relation::right_of},
                                                      {"right of", Relation::right_of},
                                                      {"above", Relation::above},
                                                      {"higher than", Relation::above},
                                                      {"higher up than", Relation::above},
                                                      {"below", Relation::below},
                                                      {"under", Relation::below},
                                                      {"underneath", Relation::below},
                                                      {"beneath", Relation::below},
                                                      {"lower than", Relation::below},
                                                      {"larger than", Relation::larger},
                                                      {"bigger than", Relation::larger},
                                                      {"taller than", Relation::larger},
                                                      {"smaller than", Relation::smaller}}};
constexpr std::array<RelationWords, 12> extremes = {{{"leftmost", Relation::left_of},
                                                     {"closest to the left edge", Relation::left_of},
                                                     {"rightmost", Relation::right_of},
                                                     {"closest to the right edge", Relation::right_of},
                                                     {"topmost", Relation::above},
                                                     {"highest", Relation::above},
                                                     {"lowest", Relation::below},
                                                     {"bottommost", Relation::below},
                                                     {"largest", Relation::larger},
                                                     {"biggest", Relation::larger},
                                                     {"smallest", Relation::smaller},
                                                     {"tiniest", Relation::smaller}}};

// Lower-case words and the marks . ! ? , ; : of a text; "isn't" as "is not", "there's" as "there is", "upper-left" as two.
std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (word.ends_with("n't")) {
      word.resize(word.size() - 3);
      words.insert(words.end(), {word, "not"});
    } else if (word.ends_with("'s")) {
      word.resize(word.size() - 2);
      words.insert(words.end(), {word, "is"});
    } else if (!word.empty()) {
      words.push_back(word == "grey" ? "gray" : word == "colour" ? "color" : word == "centre" ? "center" : word);
    }
    word.clear();
  };
  for (const char c : std::string(text) + "\n") {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) != 0 || letter >= 0x80 || (c == '\'' && !word.empty())) {
      word += static_cast<char>(std::tolower(letter));
      continue;
    }
    end_word();
    if (std::string_view(".!?,;:\n").find(c) != std::string_view::npos) words.emplace_back(1, c);
  }
  return words;
}

std::optional<int> number_of(std::string_view word) {
  for (int number = 0; number <= 10; ++number)
    if (number_word(number) == word) return number;
  const bool digits = word.size() <= 3 && std::ranges::all_of(word, [](unsigned char c) { return std::isdigit(c) != 0; });
  return digits && !word.empty() ? std::optional(std::stoi(std::string(word))) : std::nullopt;
}

// Reads one sentence.
class SentenceReader {
 public:
  SentenceReader(std::span<const std::string> words, const Lexicon& lexicon) : words_(words), lexicon_(lexicon) {}

  std::vector<StatementElement> read() {
    while (at_ < words_.size()) {
      StatementElement element{.word = words_[at_]};
      const std::size_t before = at_;
      if (!read_place(element) && !read_relation(element) && !read_extreme(element) && !read_mention(element)) read_word(element);
      if (at_ == before) ++at_;
      elements_.push_back(std::move(element));
    }
    return std::move(elements_);
  }

 private:
  std::string_view word(std::size_t ahead = 0) const {
    return at_ + ahead < words_.size() ? std::string_view(words_[at_ + ahead]) : "";
  }

  // Whether these words stand `ahead`; how many they are.
  std::size_t matches(std::string_view phrase, std::size_t ahead = 0) const {
    std::size_t count = 0;
    while (!phrase.empty()) {
      const std::string_view next = phrase.substr(0, phrase.find(' '));
      if (word(ahead + count) != next) return 0;
      phrase.remove_prefix(std::min(phrase.size(), next.size() + 1));
      ++count;
    }
    return count;
  }

  std::size_t picture_words(std::size_t ahead) const {  // "of the picture"
    return word(ahead) == "of" && pictures.contains(word(ahead + 2)) ? 3 : 0;
  }

  bool read_place(StatementElement& element) {
    if (!place_prepositions.contains(word()) || word(1) != "the") return false;
    std::size_t ahead = 2;
    while (word(ahead) == "far" || word(ahead) == "very") ++ahead;
    Place place;
    if (word(ahead) == "upper" || word(ahead) == "top") place.down = -1;
    if (word(ahead) == "lower" || word(ahead) == "bottom") place.down = 1;
    if (place.down) ++ahead;
    if (word(ahead) == "left") place.across = -1;
    if (word(ahead) == "right") place.across = 1;
    if (place.across) ++ahead;
    if (!place.across && (word(ahead) == "middle" || word(ahead) == "center")) {
      place.across = 0;
      if (!place.down) place.down = 0;
      ++ahead;
    }
    if (!place.across && !place.down) return false;
    if (place_tails.contains(word(ahead))) ++ahead;
    const std::size_t tail = picture_words(ahead);
    if (word(ahead) == "of" && tail == 0) return false;  // of something else: "on the left of the dog"
    if (word() == "to" && tail == 0) return false;       // of what was named before
    at_ += ahead + tail;
    element.kind = Kind::place;
    element.mention.place = place;
    return true;
  }

  template <std::size_t n>
  bool read_words_of(const std::array<RelationWords, n>& table, Kind kind, StatementElement& element, std::size_t ahead = 0) {
    for (const RelationWords& entry : table) {
      const std::size_t count = matches(entry.words, ahead);
      if (count == 0) continue;
      at_ += ahead + count;
      element.kind = kind;
      element.relation = entry.relation;
      return true;
    }
    return false;
  }

  bool read_relation(StatementElement& element) { return read_words_of(relations, Kind::relation, element); }

  // "the leftmost", "the leftmost of all objects", "the leftmost dog".
  bool read_extreme(StatementElement& element) {
    if (!read_words_of(extremes, Kind::extreme, element, word() == "the" ? 1 : 0)) return false;
    if (word() == "of" && (word(1) == "all" || word(1) == "the")) at_ += 2;
    std::size_t length = 0;
    if (const LexiconEntry* entry = lexicon_.find(words_.subspan(at_), length)) {
      element.mention.names = entry->names;
      at_ += length;
    } else {
      for (int name = 0; name < lexicon_.size(); ++name) element.mention.names.push_back(name);
    }
    return true;
  }

  // Determiner, adjectives, noun.
  bool read_mention(StatementElement& element) {
    Mention mention;
    std::size_t ahead = before_numbers.contains(word()) ? 1 : 0;
    const bool determined = read_determiner(mention, ahead);
    for (;; ++ahead) {
      const std::string_view next = word(ahead);
      if (const auto color = find_world_color(next))
        mention.color = *color;
      else if (next == "small" || next == "little" || next == "tiny")
        mention.size = "small";
      else if (next == "large" || next == "big" || next == "huge")
        mention.size = "large";
      else if (next == "other")
        mention.other = true;
      else
        break;
    }
    std::size_t length = 0;
    const LexiconEntry* entry = lexicon_.find(words_.subspan(std::min(words_.size(), at_ + ahead)), length);
    if (entry == nullptr) return false;
    mention.names = entry->names;
    mention.group = entry->group;
    if (!determined && !entry->singular) mention.count = 2;  // "red dogs"
    if (mention.negative) mention.count = 1;
    at_ += ahead + length;
    element.kind = Kind::mention;
    element.mention = std::move(mention);
    return true;
  }

  bool read_determiner(Mention& mention, std::size_t& ahead) {
    if (matches("at least", ahead) == 2) {
      ahead += 2;
      if (const auto number = number_of(word(ahead))) mention.count = *number;
      ++ahead;
      return true;
    }
    const std::string_view first = word(ahead);
    mention.definite = first == "the" || first == "this" || first == "that" || first == "these" || first == "both";
    mention.negative = first == "no" || first == "zero" || first == "neither";
    mention.other = first == "another";
    const bool article = first == "a" || first == "an" || first == "any" || first == "all" || first == "every" || first == "each";
    const bool several = first == "several" || first == "some" || first == "many" || first == "multiple";
    if (mention.definite || mention.negative || mention.other || article || several) ++ahead;
    if (several && first != "some") mention.count = 2;
    if (first == "all" && word(ahead) == "the") ++ahead;
    const auto number = number_of(word(ahead));
    if (number && *number > 0) {
      mention.count = *number;
      mention.exact = true;
      ++ahead;
    }
    return number || mention.definite || mention.negative || mention.other || article || several;
  }

  void read_word(StatementElement& element) {
    const std::string_view first = word();
    const auto is = [&](std::initializer_list<std::string_view> list) { return std::ranges::find(list, first) != list.end(); };
    if (is({"it", "they", "them"}))
      element.kind = Kind::pronoun;
    else if (const auto number = number_of(first); number || first == "none")
      element = {.kind = Kind::number, .mention = {.names = {}, .count = number.value_or(0), .exact = true}, .word = element.word};
    else if (const auto color = find_world_color(first))
      element = {.kind = Kind::color, .color = *color, .word = element.word};
    else if (is({"more"}))
      element.kind = Kind::more;
    else if (is({"fewer", "less"}))
      element.kind = Kind::fewer;
    else if (is({"than"}))
      element.kind = Kind::than;
    else if (is({"not", "never", "without", "nor", "cannot"}))
      element.kind = Kind::negation;
    else if (is({"and", "or", ",", "as", "well"}))
      element.kind = Kind::joint;
    else if (is({"but", "while", "whereas", "so", "because", "since"}))
      element.kind = Kind::turn;
    else if (is({"yes", "no"}))
      element.kind = first == "yes" ? Kind::yes : Kind::no;
    else if (verbs.contains(first))
      element.kind = Kind::verb;
  }

  std::span<const std::string> words_;
  const Lexicon& lexicon_;
  std::size_t at_ = 0;
  std::vector<StatementElement> elements_;
};

}  // namespace

std::vector<Sentence> read_sentences(std::string_view text, const Lexicon& lexicon) {
  std::vector<Sentence> sentences;
  Sentence sentence;
  for (const std::string& word : split_words(text)) {
    const bool end = std::string_view(".!?;:\n").find(word) != std::string_view::npos;
    if (!end) {
      sentence.words.push_back(word);
      sentence.guess = sentence.guess || guesses.contains(word);
      continue;
    }
    sentence.question = word == "?";
    sentence.elements = SentenceReader(sentence.words, lexicon).read();
    if (!sentence.words.empty()) sentences.push_back(std::move(sentence));
    sentence = {};
  }
  return sentences;
}

}  // namespace omma

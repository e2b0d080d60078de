// The words by which objects are called, and how English writes them.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

// What a word or two stand for: names by their index, or a group of names ("animals"); "things" are all of them.
struct LexiconEntry {
  std::vector<int> names;  // one, or those of the group
  bool group = false;
  bool plural = false;  // may be: "fish" is both
  bool singular = true;
  bool operator==(const LexiconEntry&) const = default;
};

// Const access is thread-safe.
class Lexicon {
 public:
  // Names in the order of their indices, with their plurals ("traffic light" gives "traffic lights"). Throws std::invalid_argument
  // for a name without letters.
  explicit Lexicon(std::span<const std::string> names);

  // The picture-book world's 32 names, by world_noun's index, with animals and vehicles as groups.
  static const Lexicon& world();

  int size() const { return static_cast<int>(names_.size()); }
  const std::string& name(int index) const { return names_.at(static_cast<std::size_t>(index)); }
  const std::string& plural(int index) const { return plurals_.at(static_cast<std::size_t>(index)); }

  // The longest phrase of lower-case words that begins at words[0], and how many words it takes; nullptr where there is none.
  const LexiconEntry* find(std::span<const std::string> words, std::size_t& length) const;

  std::optional<int> find_name(std::string_view name) const;

 private:
  Lexicon(std::vector<std::string> names, std::vector<std::string> plurals);
  void add(const std::string& phrase, LexiconEntry entry);
  void add_group(const std::string& singular, const std::string& plural, std::vector<int> names);

  std::vector<std::string> names_, plurals_;
  std::map<std::string, LexiconEntry, std::less<>> entries_;  // by phrase
  std::size_t longest_ = 1;                                   // phrase in words
};

// "bus" gives "buses", "person" "people", "wine glass" "wine glasses".
std::string plural_of(std::string_view phrase);

}  // namespace omma

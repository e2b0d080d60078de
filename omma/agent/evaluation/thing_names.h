// What people call things: one name for "lorry", "Lorries" and "the truck".
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

// Words in lower case, "grey" as "gray"; what is neither a letter, a digit nor beyond ASCII parts them, but for a point or a colon
// between digits ("2.5", "14:12").
std::vector<std::string> plain_words(std::string_view text);

// Names in the singular, each with its synonyms; plurals are known by rule. Const access is thread-safe.
class ThingNames {
 public:
  // Throws std::invalid_argument for a name or synonym that has no words or means another name already. A name may be added again.
  void add(const std::string& name, const std::vector<std::string>& synonyms = {});

  // "The grey Lorries" is "gray truck": articles are left out, the last words are replaced where they are known. What is not known
  // stays as it is.
  std::string plain(std::string_view phrase) const;

  // The names that the text says, in their order, each as often as it is said.
  std::vector<std::string> said_in(std::string_view text) const;

 private:
  void add_form(const std::string& form, const std::string& name);
  // The name that `count` words from `begin` mean, or nullptr.
  const std::string* find(const std::vector<std::string>& words, std::size_t begin, std::size_t count) const;

  std::map<std::string, std::string, std::less<>> name_of_form_;
  std::size_t longest_ = 0;  // words of a form
};

}  // namespace omma

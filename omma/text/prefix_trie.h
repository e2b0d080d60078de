// A set of strings, each with a number, that finds which of them a text begins with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace omma {

// Const members may be called from several threads.
class PrefixTrie {
 public:
  struct Match {
    std::uint32_t value;
    std::size_t size;  // in bytes
  };

  void add(std::string_view string, std::uint32_t value);  // of equal strings the first counts; "" is never found
  bool empty() const { return nodes_.size() == 1; }

  // Calls visit(Match) for every string that `text` begins with, the shortest first.
  template <class Visit>
  void for_each_match(std::string_view text, Visit&& visit) const {
    std::uint32_t node = 0;
    for (std::size_t i = 0; i < text.size() && (node = child(node, text[i])) != 0; ++i)
      if (nodes_[node].value) visit(Match{*nodes_[node].value, i + 1});
  }
  std::optional<Match> longest(std::string_view text) const;
  std::optional<Match> shortest(std::string_view text) const;

 private:
  struct Node {
    std::vector<std::pair<char, std::uint32_t>> children;  // sorted by byte
    std::optional<std::uint32_t> value;
  };
  std::uint32_t child(std::uint32_t node, char byte) const;  // 0, which is nobody's child, where there is none

  std::vector<Node> nodes_{1};
};

}  // namespace omma

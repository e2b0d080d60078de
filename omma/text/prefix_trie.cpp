#include "omma/text/prefix_trie.h"

#include <algorithm>

namespace omma {

namespace {

// The first child whose byte is not before `byte`.
template <class Children>
auto place_of(Children& children, char byte) {
  return std::lower_bound(children.begin(), children.end(), byte,
                          [](const auto& child, char wanted) { return child.first < wanted; });
}

}  // namespace

void PrefixTrie::add(std::string_view string, std::uint32_t value) {
  std::uint32_t node = 0;
  for (const char byte : string) {
    std::uint32_t next = child(node, byte);
    if (next == 0) {
      next = static_cast<std::uint32_t>(nodes_.size());
      auto& children = nodes_[node].children;
      children.insert(place_of(children, byte), {byte, next});
      nodes_.emplace_back();
    }
    node = next;
  }
  if (!nodes_[node].value) nodes_[node].value = value;
}

std::uint32_t PrefixTrie::child(std::uint32_t node, char byte) const {
  const auto& children = nodes_[node].children;
  const auto place = place_of(children, byte);
  return place == children.end() || place->first != byte ? 0 : place->second;
}

std::optional<PrefixTrie::Match> PrefixTrie::longest(std::string_view text) const {
  std::optional<Match> longest;
  for_each_match(text, [&](const Match& match) { longest = match; });
  return longest;
}

std::optional<PrefixTrie::Match> PrefixTrie::shortest(std::string_view text) const {
  std::uint32_t node = 0;
  for (std::size_t i = 0; i < text.size() && (node = child(node, text[i])) != 0; ++i)
    if (nodes_[node].value) return Match{*nodes_[node].value, i + 1};
  return std::nullopt;
}

}  // namespace omma

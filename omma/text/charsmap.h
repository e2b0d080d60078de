// SentencePiece's rules for rewriting characters: the precompiled_charsmap of a model, a tokenizer.json's "Precompiled" normalizer.
#pragma once

#include <string>
#include <string_view>

#include "omma/text/aligned_text.h"
#include "omma/text/prefix_trie.h"

namespace omma {

// As the `tokenizers` library applies them, which is not quite as SentencePiece does: grapheme cluster by grapheme cluster. A
// cluster of at most five bytes that begins with a rule's characters becomes, whole, what the shortest such rule says; the others
// are rewritten character by character. Immutable; const members may be called from several threads.
class Charsmap {
 public:
  // The file's bytes: the size of a trie in bytes (all numbers are little-endian, of four bytes), the trie, which is a double array
  // as Darts-clone writes one, and the replacements, each with a NUL behind it. The trie's values are offsets into these. Throws
  // std::invalid_argument, beginning with `where`, for a trie that leaves its array, turns in circles or is over 4 MiB, and for
  // replacements that are not there, have no end or are no UTF-8.
  Charsmap(std::string_view bytes, const std::string& where);

  void apply(AlignedText& text) const;

 private:
  PrefixTrie rules_;  // each with the offset of its replacement
  std::string replacements_;
};

}  // namespace omma

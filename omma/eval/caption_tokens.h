// A caption's words as COCO's caption evaluation counts them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace omma {

// Lower-case tokens of the Penn Treebank kind without punctuation: "Two dogs' bowls, don't touch (it)!" gives two dogs bowls do n't
// touch -lrb- it -rrb-. That is what Stanford's PTBTokenizer gives COCO's evaluation for the punctuation that captions have; URLs,
// emoticons, HTML entities, capitals joined by & and rare abbreviations may differ.
std::vector<std::string> caption_tokens(std::string_view caption);

}  // namespace omma

// Text from outside (tool results, image labels, the question) made safe to stand in a ReAct prompt.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace omma {

// The words that mean something at the start of a line to the loop.
inline constexpr std::string_view react_markers[] = {"Question",     "Thought",     "Action",
                                                     "Action Input", "Observation", "Final Answer"};

// Valid UTF-8 without control characters (line feeds stay), in which no loop marker or chat template's tag is left: the colon
// after a marker becomes a dash, "<|" and "[INST]" are broken by a space. At most `max_bytes`, cut at a character with a note.
std::string sanitise(std::string_view text, std::size_t max_bytes);

// The same on one line.
std::string sanitise_line(std::string_view text, std::size_t max_bytes);

}  // namespace omma
